"""What SARIF 2.1.0 demands of the properties that lazyscope writes, checked strictly.

The published schema may not be copied here under clear terms, and no maintained package ships it; so this
is written by hand after the standard. It is stricter: it knows no property but those that are written, and
checks what a schema cannot, such as references between parts.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema

Document = dict[str, Any]


def _object(required: Document, optional: Document | None = None) -> Document:
    properties = {**required, **(optional or {})}
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: Document, *, least: int = 0) -> Document:
    return {"type": "array", "items": items, "minItems": least}


_TEXT = {"type": "string", "minLength": 1}
_POSITIVE = {"type": "integer", "minimum": 1}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_BAG = {"type": "object"}
_MESSAGE = _object({"text": _TEXT})
_ARTIFACT = _object(
    {"uri": {"type": "string", "pattern": r"^([A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})+$"}},
    {"uriBaseId": {"enum": ["%SRCROOT%", "SITE", "HOME"]}},
)
_LINES = dict.fromkeys(("startLine", "startColumn", "endLine", "endColumn"), _POSITIVE)
_SNIPPET = {"snippet": _object({"text": {"type": "string"}})}
_REGION = _object({"startLine": _POSITIVE}, {**_LINES, **_SNIPPET})
_PHYSICAL = _object({"artifactLocation": _ARTIFACT}, {"region": _REGION, "contextRegion": _REGION})
_LOCATION = {
    "physicalLocation": _PHYSICAL,
    "logicalLocations": _list(_object({"name": _TEXT, "kind": {"enum": ["function", "module"]}}), least=1),
}
_RELATED = _object({"id": {"type": "integer", "minimum": 0}, "message": _MESSAGE, **_LOCATION})
_REPLACEMENT = _object(
    {"deletedRegion": _object(_LINES)}, {"insertedContent": _object({"text": {"type": "string"}})}
)
_CHANGE = _object({"artifactLocation": _ARTIFACT, "replacements": _list(_REPLACEMENT, least=1)})
_RESULT = _object(
    {
        "ruleId": {"type": "string", "pattern": r"^LZ\d{3}$"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "kind": {"enum": ["fail", "informational"]},
        "level": _LEVEL,
        "message": _MESSAGE,
        "partialFingerprints": _object(
            {"lazyscopeFinding/v1": {"type": "string", "pattern": "^[0-9a-f]{16}$"}}
        ),
        "properties": _BAG,
    },
    {
        "occurrenceCount": _POSITIVE,
        "locations": _list(_object(_LOCATION), least=1),
        "relatedLocations": _list(_RELATED, least=1),
        "fixes": _list(
            _object({"description": _MESSAGE, "artifactChanges": _list(_CHANGE, least=1)}), least=1
        ),
    },
)
_RULE = _object(
    {
        "id": _TEXT,
        "name": {"type": "string", "pattern": "^[A-Z][A-Za-z0-9]+$"},
        "shortDescription": _MESSAGE,
        "fullDescription": _MESSAGE,
        "help": _MESSAGE,
        "defaultConfiguration": _object({"level": _LEVEL}),
        "properties": _object({"tags": _list(_TEXT)}),
    }
)
_DRIVER = _object(
    {
        "name": _TEXT,
        "version": _TEXT,
        "semanticVersion": {"type": "string", "pattern": r"^\d+\.\d+\.\d+"},
        "rules": _list(_RULE, least=1),
    }
)
_NOTIFICATION = _object({"level": _LEVEL, "message": _MESSAGE})
_RUN = _object(
    {
        "tool": _object({"driver": _DRIVER}),
        "invocations": _list(
            _object(
                {
                    "executionSuccessful": {"type": "boolean"},
                    "toolExecutionNotifications": _list(_NOTIFICATION),
                }
            )
        ),
        "originalUriBaseIds": {"type": "object", "additionalProperties": _object({"description": _MESSAGE})},
        "columnKind": {"const": "unicodeCodePoints"},
        "defaultSourceLanguage": _TEXT,
        "results": _list(_RESULT),
        "properties": _BAG,
    }
)
_LOG = _object(
    {
        "$schema": {"type": "string", "pattern": "^https://.*/sarif-schema-2.1.0.json$"},
        "version": {"const": "2.1.0"},
        "runs": {**_list(_RUN), "minItems": 1, "maxItems": 1},
    }
)


def assert_sarif(log: Document) -> None:
    """`log` is as the standard wants it."""
    jsonschema.validate(log, _LOG, jsonschema.Draft202012Validator)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        # 3.27.10: what is no failure has no level.
        assert (result["level"] == "none") == (result["kind"] != "fail")
        related = [location["id"] for location in result.get("relatedLocations", [])]
        assert len(set(related)) == len(related)
        for location in (*result.get("locations", []), *result.get("relatedLocations", [])):
            _assert_location(location["physicalLocation"], run["originalUriBaseIds"])
    for message in _messages(run):
        _assert_message(message["text"])


def _assert_location(physical: Document, bases: Document) -> None:
    artifact = physical["artifactLocation"]
    unquote_to_bytes(artifact["uri"])
    assert artifact["uri"].startswith("file:///") != (artifact.get("uriBaseId") in bases)
    region, context = physical.get("region"), physical.get("contextRegion")
    if region is not None:
        assert _end(region) >= (region["startLine"], region.get("startColumn", 1))
    if context is not None:
        # 3.29.5: a context contains more than its region.
        assert context["startLine"] <= region["startLine"]
        assert context["endLine"] >= region["endLine"]
        snippet = context.get("snippet", {"text": ""})["text"]
        assert snippet != region.get("snippet", {"text": None})["text"]


def _end(region: Document) -> tuple[int, float]:
    return region.get("endLine", region["startLine"]), region.get("endColumn", float("inf"))


def _messages(part: Any) -> list[Document]:
    """Every message object of results, notifications and bases; not of rules, whose texts are no messages."""
    if isinstance(part, list):
        return [message for item in part for message in _messages(item)]
    if not isinstance(part, dict):
        return []
    own = [part[name] for name in ("message", "description") if isinstance(part.get(name), dict)]
    inner = [value for name, value in part.items() if name not in ("properties", "rules")]
    return own + [message for value in inner for message in _messages(value)]


def _assert_message(text: str) -> None:
    """3.11.5 and 3.11.6: no placeholder, no link; and nothing that acts."""
    assert "{" not in text.replace("{{", "")
    assert "}" not in text.replace("}}", "")
    assert not re.search(r"\[[^\]]*\]\(", text)
    assert text.isprintable()
