"""A server that asks a person for something before it does anything, as either era has it; over its
standard input."""

from mcp import types
from mcp.server.mcpserver import Context, MCPServer
from pydantic import BaseModel

server = MCPServer("asking")


class Size(BaseModel):
    seats: int
    window: bool = False


@server.tool()
async def book(what: str, context: Context) -> str:
    """Book a table; asks while the call waits."""
    answer = await context.elicit(f"How many seats for {what}?", Size)
    if answer.action == "accept":
        return f"{answer.data.seats} seats"
    return answer.action


@server.tool()
async def reserve(what: str, context: Context) -> str | types.InputRequiredResult:
    """Book a table; asks, and is called again with the answer."""
    if context.input_responses is None:
        params = types.ElicitRequestFormParams(
            message=f"How many seats for {what}?", requested_schema=Size.model_json_schema()
        )
        return types.InputRequiredResult(
            input_requests={"size": types.ElicitRequest(params=params)}
        )
    answer = context.input_responses["size"]
    assert isinstance(answer, types.ElicitResult)
    return f"{answer.content['seats']} seats" if answer.content else answer.action


if __name__ == "__main__":
    server.run()
