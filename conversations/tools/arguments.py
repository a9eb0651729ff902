"""What the model may say when it calls a function. Never who for, and never where to."""

from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from conversations.shop.models import MOST_OF_ONE

MOST_ERRORS = 5
_LARGEST_NUMBER = 2_147_483_647

Sku = Annotated[
    str, Field(min_length=1, max_length=64, description="The product's SKU, as search_products gave it.")
]


class Arguments(BaseModel):
    """None, and the base of all others: what is not named here is refused."""

    model_config = ConfigDict(extra="forbid")


class SearchArguments(Arguments):
    text: Annotated[str, Field(max_length=200, description="What the customer looks for.")] = ""
    category: Annotated[str, Field(max_length=100, description="Only of this category.")] = ""


class SkuArguments(Arguments):
    sku: Sku


class AddArguments(Arguments):
    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=MOST_OF_ONE, description="How many more.")] = 1


class RemoveArguments(Arguments):
    sku: Sku
    quantity: Annotated[int, Field(ge=0, le=MOST_OF_ONE, description="How many fewer; 0: all of it.")] = 0


class OrderArguments(Arguments):
    note: Annotated[str, Field(max_length=500, description="What the customer wants noted, else empty.")] = ""


class TrackArguments(Arguments):
    number: Annotated[
        int, Field(ge=0, le=_LARGEST_NUMBER, description="The order's number; 0: the latest one.")
    ] = 0


@cache
def schema_of(arguments: type[Arguments]) -> dict[str, Any]:
    """Return the JSON schema as models are given it: without titles, which cost tokens and say nothing.

    It is made once and shared: nobody may change it.
    """
    schema = arguments.model_json_schema()
    properties = {
        name: {key: value for key, value in field.items() if key != "title"}
        for name, field in schema.get("properties", {}).items()
    }
    return {
        "type": "object",
        "properties": properties,
        "required": schema.get("required", []),
        "additionalProperties": False,
    }


def problems_of(error: ValidationError) -> str:
    """Return what is wrong with which argument, without repeating what was given."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    said = [f"{'.'.join(str(part)[:64] for part in found['loc'])}: {found['msg']}" for found in errors]
    return "; ".join(said[:MOST_ERRORS])
