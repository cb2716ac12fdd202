"""What a request says, read strictly, and its place in the OpenAPI document."""

from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError
from quart import request
from quart.typing import ResponseReturnValue
from quart_schema import document

from web.problem import BodyInvalid, BodyMalformed, BodyNotJson


class Body(BaseModel):
    """A JSON object without unknown members and without conversions between types."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Query(BaseModel):
    """The query of a URL: text that is converted; unknown parameters are ignored."""

    model_config = ConfigDict(frozen=True)


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


B = TypeVar("B", bound=Body)
Q = TypeVar("Q", bound=Query)
P = ParamSpec("P")

UNSCHEMED = "_panelroom_unschemed"  # a view's answers that have no model: status -> description


async def read_bytes() -> bytes:
    data = await request.get_data()
    return data if isinstance(data, bytes) else data.encode()


async def read_body(model: type[B]) -> B:
    """The request's body; an absent one counts as ``{}``. Raises BodyMalformed, BodyNotJson, BodyInvalid."""
    data = await read_bytes()
    if data and not request.is_json:
        raise BodyNotJson("Send the body with Content-Type: application/json.")
    try:
        return model.model_validate_json(data or b"{}")
    except ValidationError as error:
        if any(fault["type"] == "json_invalid" for fault in error.errors()):
            raise BodyMalformed("The body cannot be read as JSON.") from None
        raise BodyInvalid(_told(error)) from None


def read_query(model: type[Q]) -> Q:
    """The query of the request's URL. Raises BodyInvalid."""
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise BodyInvalid(_told(error)) from None


def documented(
    *, body: type[Body] | None = None, query: type[Query] | None = None, answers: dict[int, type[BaseModel] | str]
) -> Callable[[Callable[P, Awaitable[Any]]], Callable[P, Awaitable[ResponseReturnValue]]]:
    """Describe a view in the OpenAPI document: what it answers with is a model, sent as JSON, or described in words."""

    def decorate(view: Callable[P, Awaitable[Any]]) -> Callable[P, Awaitable[ResponseReturnValue]]:
        setattr(view, UNSCHEMED, {status: told for status, told in answers.items() if isinstance(told, str)})
        models: dict[Any, Any] = {
            status: (model, None) for status, model in answers.items() if not isinstance(model, str)
        }
        described = document(request=body, querystring=query, responses=models)(view)
        return cast("Callable[P, Awaitable[ResponseReturnValue]]", described)

    return decorate


def _told(error: ValidationError) -> str:
    """What is wrong where, without repeating what was sent."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return " ".join(
        f"{'.'.join(str(part) for part in fault['loc']) or 'The body'}: {fault['msg']}." for fault in faults[:10]
    )
