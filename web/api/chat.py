"""/api/v1/interviews/<id>/chat: what is said beside the code."""

from typing import Annotated, Literal

from pydantic import Field
from quart import Blueprint

from rooms.chat import MAX_MESSAGE_CHARACTERS
from rooms.text import clean_prose, is_blank
from web.auth import panelroom
from web.body import Answer, Body, documented, read_body
from web.problem import BodyInvalid, TooManyRequests

blueprint = Blueprint("chat", __name__, url_prefix="/api/v1/interviews/<interview_id>")


class ChatBody(Body):
    ticket: str
    text: str
    to: Literal["all", "interviewers"]
    key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = Field(
        None, description="Of the message: with the same one again, it is not said twice"
    )


class ChatAnswer(Answer):
    """The number of the message's event."""

    entry: int


@blueprint.post("/chat")
@documented(body=ChatBody, answers={201: ChatAnswer})
async def say(interview_id: str) -> tuple[ChatAnswer, int]:
    """Say something to all who are in the room, or as an interviewer to the interviewers."""
    body = await read_body(ChatBody)
    text = clean_prose(body.text, "message", MAX_MESSAGE_CHARACTERS)
    if is_blank(text):
        raise BodyInvalid("The message is empty.")
    participant = await panelroom().rooms.participant_of(interview_id, body.ticket)
    wait_s = panelroom().chats.wait_s(participant.id)
    if wait_s:
        raise TooManyRequests(wait_s, "messages from you")
    entry = await panelroom().rooms.chat.say(interview_id, body.ticket, text, body.to, body.key)
    return ChatAnswer(entry=entry), 201
