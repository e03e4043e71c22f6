"""What runs inside the watched program. Imports only `lazyscope.model` and the standard library at first."""
