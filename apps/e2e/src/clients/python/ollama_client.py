import json

import ollama

from steps import CITY_SCHEMA, FUNCTION, UNKNOWN_MODEL, asked, error_of, run

OPTIONS = {"temperature": 0, "seed": 1, "num_predict": 32}


def connect(target):
    return ollama.Client(host=target["url"])


def list_models(target):
    answer = connect(target).list()
    return {"models": [model.model for model in answer.models], "answer": answer.model_dump()}


def chat(target):
    answer = connect(target).chat(target["models"]["chat"], asked(target["prompts"]["chat"]), options=OPTIONS)
    return {"text": answer.message.content, "answer": answer.model_dump()}


def stream(target):
    call = connect(target).chat(target["models"]["chat"], asked(target["prompts"]["chat"]), options=OPTIONS, stream=True)
    pieces = list(call)
    text = "".join(piece.message.content or "" for piece in pieces)
    return {"text": text, "pieces": len(pieces), "answer": [piece.model_dump() for piece in pieces]}


def tool(target):
    messages = asked(target["prompts"]["tool"])
    answer = connect(target).chat(target["models"]["tool"], messages, tools=[FUNCTION], options=OPTIONS)
    called = answer.message.tool_calls[0].function
    return {"tool": {"name": called.name, "arguments": dict(called.arguments)}, "answer": answer.model_dump()}


def by_schema(target):
    messages = asked(target["prompts"]["json"])
    answer = connect(target).chat(target["models"]["chat"], messages, format=CITY_SCHEMA, options=OPTIONS)
    return {"value": json.loads(answer.message.content), "answer": answer.model_dump()}


def embed(target):
    answer = connect(target).embed(target["models"]["embed"], ["a cat", "a dog"])
    return {"dimensions": [len(vector) for vector in answer.embeddings], "answer": answer.model_dump()}


def cancel(target):
    call = connect(target).chat(target["models"]["chat"], asked(target["prompts"]["long"]), stream=True)
    next(call)
    call.close()
    return {}


run(
    {
        "list": list_models,
        "chat": chat,
        "stream": stream,
        "tool": tool,
        "json": by_schema,
        "embed": embed,
        "error": lambda target: error_of(lambda: connect(target).chat(UNKNOWN_MODEL, asked("hello"))),
        "cancel": cancel,
    }
)
