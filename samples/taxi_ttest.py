"""Compares the fares of taxi trips with several passengers to those with one, by Welch's t-test.

    python samples/taxi_ttest.py [FILE]

FILE is a month of yellow taxi trips as New York's Taxi & Limousine Commission publishes them at
https://www.nyc.gov/site/tlc/about/tlc-trip-record-data.page, e.g. yellow_tripdata_2024-01.parquet.
Without it a smaller month is made up, with the same columns and types.
"""

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # SciPy asks for it when it is imported

import dask.dataframe as dd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.stats import ttest_ind


def compare(file):
    trips = dd.read_parquet(file, columns=["passenger_count", "fare_amount"], split_row_groups=True)
    trips = trips[trips.fare_amount > 0]
    alone = trips[trips.passenger_count == 1].fare_amount.to_dask_array()
    several = trips[trips.passenger_count > 1].fare_amount.to_dask_array()
    alone.compute_chunk_sizes()
    several.compute_chunk_sizes()

    result = ttest_ind(several, alone, equal_var=False)

    print(f"one passenger:      {len(alone):9,} trips, mean fare ${float(alone.mean()):.2f}")
    print(f"several passengers: {len(several):9,} trips, mean fare ${float(several.mean()):.2f}")
    print(f"t = {float(result.statistic):.2f}, p = {float(result.pvalue):.1e}")


def make_up_month(file, trips=120_000):
    """Write a month of trips in twelve row groups: metered fares, flat ones to the airport, refunds."""
    rng = np.random.default_rng(2024)
    passengers = rng.choice(7, size=trips, p=[0.01, 0.75, 0.14, 0.04, 0.03, 0.02, 0.01])
    unknown = rng.random(trips) < 0.05  # trips hailed by an app, whose details are not recorded
    airport = rng.random(trips) < 0.03
    refund = rng.random(trips) < 0.01

    pickup = np.datetime64("2024-01-01", "us") + np.sort(rng.integers(0, 31 * 86_400, trips)) * 1_000_000
    miles = rng.lognormal(0.6, 0.8, trips) * np.where(passengers > 1, 1.05, 1.0)
    miles = np.where(airport, rng.normal(17.5, 1.5, trips), miles).round(2)
    seconds = (miles / rng.normal(12, 2, trips).clip(5) * 3_600).astype("int64") + 120
    hour = pickup.astype("datetime64[h]").astype("int64") % 24

    sign = np.where(refund, -1.0, 1.0)
    fare = sign * np.where(airport, 70, 3 + 0.7 * np.ceil(miles * 5 + seconds / 180))
    extra = sign * np.select([(hour >= 16) & (hour < 20), (hour >= 20) | (hour < 6)], [2.5, 1.0], 0.0)
    card = (rng.random(trips) < 0.8) & ~refund
    tip = np.where(card, (fare * rng.choice([0.0, 0.15, 0.2, 0.25], trips)).round(2), 0.0)
    tolls = sign * np.where(airport, 6.94, 0.0)
    congestion, airport_fee = sign * 2.5, sign * np.where(airport, 1.75, 0.0)
    taxes = sign * 0.5, sign * 1.0

    def recorded(values, kind):
        return pa.array(values, kind, mask=unknown)

    columns = {
        "VendorID": pa.array(rng.integers(1, 3, trips), pa.int32()),
        "tpep_pickup_datetime": pa.array(pickup),
        "tpep_dropoff_datetime": pa.array(pickup + seconds * 1_000_000),
        "passenger_count": recorded(passengers, pa.int64()),
        "trip_distance": pa.array(miles),
        "RatecodeID": recorded(np.where(airport, 2, 1), pa.int64()),
        "store_and_fwd_flag": recorded(np.where(rng.random(trips) < 0.004, "Y", "N"), pa.large_string()),
        "PULocationID": pa.array(np.where(airport, 132, rng.integers(1, 264, trips)), pa.int32()),
        "DOLocationID": pa.array(rng.integers(1, 264, trips), pa.int32()),
        "payment_type": pa.array(np.select([unknown, refund, card], [0, 4, 1], 2), pa.int64()),
        "fare_amount": pa.array(fare),
        "extra": pa.array(extra),
        "mta_tax": pa.array(taxes[0]),
        "tip_amount": pa.array(tip),
        "tolls_amount": pa.array(tolls),
        "improvement_surcharge": pa.array(taxes[1]),
        "total_amount": pa.array(fare + extra + tip + tolls + congestion + airport_fee + sum(taxes)),
        "congestion_surcharge": recorded(congestion, pa.float64()),
        "Airport_fee": recorded(airport_fee, pa.float64()),
    }
    pq.write_table(pa.table(columns), file, row_group_size=trips // 12)


def main(file=None):
    if file is not None:
        compare(file)
        return
    with tempfile.TemporaryDirectory() as directory:
        made_up = Path(directory) / "yellow_tripdata.parquet"
        make_up_month(made_up)
        compare(made_up)


if __name__ == "__main__":
    main(*sys.argv[1:])
