"""The schemas of the OpenAPI document, in the forms from which models and request types are generated."""

from __future__ import annotations

import re
from typing import Any

Schema = dict[str, Any]

#: Rules for requests, which the service checks and explains. A client that checked them as well would reject what a
#: newer service accepts. Defaults are applied by the service, so that an absent field stays absent.
rules = {
    "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "propertyNames", "default", "example",
    "examples",
}  # fmt: skip


#: Properties of responses that are secrets. Those of requests are `writeOnly` or credentials.
secrets_of_responses = {
    "Access": ("token", "authorization"),
    "AccessUrl": ("url",),  # It may contain the token.
    "AccessPort": ("url",),
    "ApiKeyWithSecret": ("key",),
    "WebhookEndpointWithSecret": ("secret",),
}


def models_of(document: Schema) -> Schema:
    """Every schema, without rules, with enums that admit further values, and secrets that `repr` leaves out."""
    schemas = {name: relaxed(schema, is_open=True) for name, schema in schemas_in(document).items()}
    for name, schema in schemas.items():
        for secret in secrets_in(name, schema):
            schema["properties"][secret]["repr"] = False
    return wrap(document, schemas)


def secrets_in(name: str, schema: Schema) -> list[str]:
    properties: dict[str, Schema] = schema.get("properties", {})
    if name.endswith("Credentials"):
        return list(properties)
    write_only = [each for each, property in properties.items() if property.get("writeOnly")]
    return [*write_only, *secrets_of_responses.get(name, ())]


def requests_of(document: Schema) -> Schema:
    """The schemas that request bodies consist of, with the known values only."""
    schemas = schemas_in(document)
    names: set[str] = set()
    bodies = [operation.get("requestBody", {}) for path in document["paths"].values() for operation in path.values()]
    found = references_in(bodies)
    while found - names:
        names |= found
        found = {each for name in names for each in references_in(schemas[name])}
    return wrap(document, {name: relaxed(schemas[name], is_open=False) for name in sorted(names)})


def aliases_of(document: Schema) -> dict[str, str]:
    """Python names of the properties that the generator would spell badly: `memory_mib`, not `memory_mi_b`."""
    names = set(re.findall(r'"(\w+[MG]iB)"', repr(document).replace("'", '"')))
    return {name: snake(re.sub("([MG])iB$", r"\1ib", name)) for name in sorted(names)}


def schemas_in(document: Schema) -> dict[str, Schema]:
    schemas: dict[str, Schema] = document["components"]["schemas"]
    return schemas


def wrap(document: Schema, schemas: dict[str, Schema]) -> Schema:
    return {"openapi": "3.1.0", "info": document["info"], "paths": {}, "components": {"schemas": schemas}}


def relaxed(schema: Any, *, is_open: bool) -> Any:
    if isinstance(schema, list):
        return [relaxed(each, is_open=is_open) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key not in rules}
    if kept.get("additionalProperties") is False:
        del kept["additionalProperties"]
    if kept.get("format") != "date-time" or not is_open:
        kept.pop("format", None)
    known = kept.get("enum")
    if is_open and isinstance(known, list) and kept.get("type", "string") == "string":
        return {**without(kept, "enum", "type"), "anyOf": [{"type": "string", "enum": known}, {"type": "string"}]}
    return {key: relaxed_member(key, value, is_open=is_open) for key, value in kept.items()}


def relaxed_member(key: str, value: Any, *, is_open: bool) -> Any:
    if key == "properties":  # A property may be named like a rule.
        return {name: relaxed(schema, is_open=is_open) for name, schema in value.items()}
    return value if key in ("enum", "required", "const") else relaxed(value, is_open=is_open)


def without(schema: Schema, *keys: str) -> Schema:
    return {key: value for key, value in schema.items() if key not in keys}


def references_in(node: Any) -> set[str]:
    return set(re.findall(r"'#/components/schemas/(\w+)'", repr(node)))


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
