"""The OpenAPI document, made from the routes that exist."""

import re
from collections.abc import Iterable
from typing import Any

from quart import current_app
from quart_schema.openapi import OpenAPIProvider
from quart_schema.validation import DataSource
from werkzeug.routing.rules import Rule

from web.body import UNSCHEMED

OPENAPI_PATH = "/api/v1/openapi.json"

_PROBLEM = {
    "description": "What went wrong (RFC 9457)",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": {"type": "string", "format": "uri"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                },
            }
        }
    },
}


class ModelsClash(Exception):
    """Raised when two models of the document have one name: one of them would be described as the other."""


class Provider(OpenAPIProvider):
    """Leaves the pages out; every call may answer with a problem."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._models: dict[str, Any] = {}

    def generate_rules(self) -> Iterable[Rule]:
        for rule in super().generate_rules():
            if rule.rule.startswith("/api/") or rule.endpoint.startswith("health."):
                yield rule

    def build_paths(self, rule: Rule) -> tuple[dict[str, Any], dict[str, Any]]:
        paths, components = super().build_paths(rule)
        for name, schema in components.items():
            if self._models.setdefault(name, schema) != schema:
                raise ModelsClash(f"two models are called {name}, the second of them at {rule.rule}")
        view = current_app.view_functions[rule.endpoint]
        bodiless = {str(status): {"description": text} for status, text in getattr(view, UNSCHEMED, {}).items()}
        for operations in paths.values():
            for operation in operations.values():
                answers = {str(status): answer for status, answer in operation["responses"].items()}
                operation["responses"] = answers | bodiless | {"default": _PROBLEM}
        return paths, components

    def build_request_body(self, model: Any, source: DataSource) -> tuple[dict[str, Any], dict[str, Any]]:
        body, components = super().build_request_body(model, source)
        return body | {"required": bool(model.model_json_schema().get("required"))}, components

    def build_querystring_parameters(self, model: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        parameters, components = super().build_querystring_parameters(model)
        required = model.model_json_schema().get("required", ())
        for parameter in parameters:
            parameter["required"] = parameter["name"] in required
        return parameters, components

    def operation_id(self, method: str, path: str, func: Any) -> str:
        return re.sub(r"\W+", "_", f"{method.lower()} {path.removeprefix('/api/v1')}").strip("_")
