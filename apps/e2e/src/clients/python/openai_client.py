import json

import openai

from steps import CITY_SCHEMA, FUNCTION, UNKNOWN_MODEL, asked, error_of, run

SAMPLING = {"temperature": 0, "seed": 1, "max_tokens": 32}


def connect(target):
    return openai.OpenAI(base_url=f"{target['url']}/v1", api_key="any", max_retries=0)


def list_models(target):
    answer = connect(target).models.list()
    return {"models": [model.id for model in answer.data], "answer": answer.model_dump()}


def complete(target, model, prompt, **more):
    call = connect(target).chat.completions.create
    return call(model=target["models"][model], messages=asked(target["prompts"][prompt]), **SAMPLING, **more)


def chat(target):
    answer = complete(target, "chat", "chat")
    return {"text": answer.choices[0].message.content, "answer": answer.model_dump()}


def stream(target):
    pieces = list(complete(target, "chat", "chat", stream=True, stream_options={"include_usage": True}))
    text = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
    return {"text": text, "pieces": len(pieces), "answer": [piece.model_dump() for piece in pieces]}


def tool(target):
    answer = complete(target, "tool", "tool", tools=[FUNCTION])
    called = answer.choices[0].message.tool_calls[0].function
    return {"tool": {"name": called.name, "arguments": json.loads(called.arguments)}, "answer": answer.model_dump()}


def by_schema(target):
    schema = {"name": "city", "schema": CITY_SCHEMA, "strict": True}
    answer = complete(target, "chat", "json", response_format={"type": "json_schema", "json_schema": schema})
    return {"value": json.loads(answer.choices[0].message.content), "answer": answer.model_dump()}


def embed(target):
    answer = connect(target).embeddings.create(model=target["models"]["embed"], input=["a cat", "a dog"])
    return {"dimensions": [len(item.embedding) for item in answer.data], "answer": answer.model_dump()}


def unknown(target):
    return connect(target).chat.completions.create(model=UNKNOWN_MODEL, messages=asked("hello"))


def cancel(target):
    call = connect(target).chat.completions.create
    pieces = call(model=target["models"]["chat"], messages=asked(target["prompts"]["long"]), stream=True)
    next(iter(pieces))
    pieces.close()
    return {}


run(
    {
        "list": list_models,
        "chat": chat,
        "stream": stream,
        "tool": tool,
        "json": by_schema,
        "embed": embed,
        "error": lambda target: error_of(lambda: unknown(target)),
        "cancel": cancel,
    }
)
