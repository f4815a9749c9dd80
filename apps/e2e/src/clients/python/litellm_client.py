import json
import os

# It would ask the internet for a list of prices.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm

from steps import CITY_SCHEMA, FUNCTION, UNKNOWN_MODEL, asked, error_of, run

# It would print advice between the lines.
litellm.suppress_debug_info = True
SAMPLING = {"temperature": 0, "seed": 1, "max_tokens": 32}


def complete(target, name, prompt, **more):
    return litellm.completion(
        model=f"openai/{name}",
        messages=asked(prompt),
        api_base=f"{target['url']}/v1",
        api_key="any",
        max_retries=0,
        **{**SAMPLING, **more},
    )


def chat(target):
    answer = complete(target, target["models"]["chat"], target["prompts"]["chat"])
    return {"text": answer.choices[0].message.content, "answer": answer.model_dump()}


def stream(target):
    pieces = list(complete(target, target["models"]["chat"], target["prompts"]["chat"], stream=True))
    return {"text": "".join(piece.choices[0].delta.content or "" for piece in pieces), "pieces": len(pieces)}


def tool(target):
    answer = complete(target, target["models"]["tool"], target["prompts"]["tool"], tools=[FUNCTION])
    called = answer.choices[0].message.tool_calls[0].function
    return {"tool": {"name": called.name, "arguments": json.loads(called.arguments)}}


def by_schema(target):
    schema = {"type": "json_schema", "json_schema": {"name": "city", "schema": CITY_SCHEMA, "strict": True}}
    answer = complete(target, target["models"]["chat"], target["prompts"]["json"], response_format=schema)
    return {"value": json.loads(answer.choices[0].message.content)}


def embed(target):
    model = f"openai/{target['models']['embed']}"
    answer = litellm.embedding(model=model, input=["a cat", "a dog"], api_base=f"{target['url']}/v1", api_key="any")
    return {"dimensions": [len(item["embedding"]) for item in answer.data]}


def cancel(target):
    pieces = complete(target, target["models"]["chat"], target["prompts"]["long"], stream=True, max_tokens=1000)
    next(pieces)
    pieces.completion_stream.close()
    return {}


run(
    {
        "chat": chat,
        "stream": stream,
        "tool": tool,
        "json": by_schema,
        "embed": embed,
        "error": lambda target: error_of(lambda: complete(target, UNKNOWN_MODEL, "hello")),
        "cancel": cancel,
    }
)
