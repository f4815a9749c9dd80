from langchain_ollama import ChatOllama, OllamaEmbeddings

from steps import CITY_SCHEMA, FUNCTION, UNKNOWN_MODEL, error_of, run


def connect(target, model):
    return ChatOllama(base_url=target["url"], model=model, temperature=0, seed=1, num_predict=32)


def chat(target):
    answer = connect(target, target["models"]["chat"]).invoke(target["prompts"]["chat"])
    return {"text": answer.text, "answer": {"usage": dict(answer.usage_metadata)}}


def stream(target):
    pieces = [piece.text for piece in connect(target, target["models"]["chat"]).stream(target["prompts"]["chat"])]
    return {"text": "".join(pieces), "pieces": len(pieces)}


def tool(target):
    model = connect(target, target["models"]["tool"]).bind_tools([FUNCTION])
    called = model.invoke(target["prompts"]["tool"]).tool_calls[0]
    return {"tool": {"name": called["name"], "arguments": called["args"]}}


def by_schema(target):
    schema = {"title": "city", "description": "A city.", **CITY_SCHEMA}
    model = connect(target, target["models"]["chat"]).with_structured_output(schema, method="json_schema")
    return {"value": model.invoke(target["prompts"]["json"])}


def embed(target):
    vectors = OllamaEmbeddings(base_url=target["url"], model=target["models"]["embed"]).embed_documents(["a cat", "a dog"])
    return {"dimensions": [len(vector) for vector in vectors]}


def cancel(target):
    pieces = connect(target, target["models"]["chat"]).bind(options={"num_predict": 1000}).stream(target["prompts"]["long"])
    next(pieces)
    pieces.close()
    return {}


run(
    {
        "chat": chat,
        "stream": stream,
        "tool": tool,
        "json": by_schema,
        "embed": embed,
        "error": lambda target: error_of(lambda: connect(target, UNKNOWN_MODEL).invoke("hello")),
        "cancel": cancel,
    }
)
