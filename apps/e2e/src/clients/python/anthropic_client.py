import json

import anthropic

from steps import CITY_SCHEMA, UNKNOWN_MODEL, WEATHER_TOOL, asked, error_of, run

MAX_TOKENS = {"max_tokens": 32}


def connect(target):
    return anthropic.Anthropic(base_url=target["url"], api_key="any", max_retries=0)


def create(target, model, prompt, **more):
    call = connect(target).messages.create
    return call(model=target["models"][model], messages=asked(target["prompts"][prompt]), **{**MAX_TOKENS, **more})


def list_models(target):
    answer = connect(target).models.list()
    return {"models": [model.id for model in answer.data], "answer": answer.model_dump()}


def chat(target):
    answer = create(target, "chat", "chat")
    return {"text": answer.content[0].text, "answer": answer.model_dump()}


def stream(target):
    events = list(create(target, "chat", "chat", stream=True))
    deltas = [event.delta for event in events if event.type == "content_block_delta"]
    text = "".join(delta.text for delta in deltas if delta.type == "text_delta")
    return {"text": text, "pieces": len(events), "answer": [event.model_dump() for event in events]}


def tool(target):
    name, description, schema = (WEATHER_TOOL[key] for key in ("name", "description", "parameters"))
    tools = [{"name": name, "description": description, "input_schema": schema}]
    answer = create(target, "tool", "tool", tools=tools)
    called = next(block for block in answer.content if block.type == "tool_use")
    return {"tool": {"name": called.name, "arguments": called.input}, "answer": answer.model_dump()}


def by_schema(target):
    answer = create(target, "chat", "json", output_config={"format": {"type": "json_schema", "schema": CITY_SCHEMA}})
    return {"value": json.loads(answer.content[0].text), "answer": answer.model_dump()}


def unknown(target):
    return connect(target).messages.create(model=UNKNOWN_MODEL, messages=asked("hello"), max_tokens=8)


def cancel(target):
    events = create(target, "chat", "long", stream=True, max_tokens=1000)
    next(event for event in events if event.type == "content_block_delta")
    events.close()
    return {}


run(
    {
        "list": list_models,
        "chat": chat,
        "stream": stream,
        "tool": tool,
        "json": by_schema,
        "error": lambda target: error_of(lambda: unknown(target)),
        "cancel": cancel,
    }
)
