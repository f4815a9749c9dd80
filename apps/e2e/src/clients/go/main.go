// Runs what Ollama's own Go client can do against one address and prints what each step saw, a JSON object a line.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/ollama/ollama/api"
)

type target struct {
	URL     string            `json:"url"`
	Models  map[string]string `json:"models"`
	Prompts map[string]string `json:"prompts"`
}

type finding map[string]any

type step struct {
	capability string
	run        func(context.Context, *api.Client, target) (finding, error)
}

const citySchema = `{"type":"object","properties":{"city":{"type":"string","enum":["Paris","Rome"]}},"required":["city"],"additionalProperties":false}`

const weatherTool = `{"type":"function","function":{"name":"get_weather","description":"Tells the weather of a city.","parameters":{"type":"object","properties":{"city":{"type":"string","enum":["Paris","Rome"]}},"required":["city"]}}}`

var (
	options = map[string]any{"temperature": 0, "seed": 1, "num_predict": 32}
	whole   = false
	errLeft = errors.New("left")
)

var steps = []step{
	{"list", list}, {"chat", chat}, {"stream", stream}, {"tool", tool},
	{"json", bySchema}, {"embed", embed}, {"error", unknown}, {"cancel", cancel},
}

func main() {
	var to target
	must(json.Unmarshal([]byte(os.Args[1]), &to))
	base, err := url.Parse(to.URL)
	must(err)
	client := api.NewClient(base, http.DefaultClient)
	for _, step := range steps {
		if step.capability == "tool" && to.Models["tool"] == "" {
			continue
		}
		line := map[string]any{"capability": step.capability}
		found, err := step.run(context.Background(), client, to)
		if err != nil {
			line["failed"] = err.Error()
		} else {
			line["found"] = found
		}
		must(json.NewEncoder(os.Stdout).Encode(line))
	}
	// Its connections are looked at before it ends.
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func request(model, prompt string) *api.ChatRequest {
	return &api.ChatRequest{Model: model, Messages: []api.Message{{Role: "user", Content: prompt}}, Options: options}
}

// ask gets a whole answer.
func ask(ctx context.Context, client *api.Client, request *api.ChatRequest) (answer api.ChatResponse, err error) {
	request.Stream = &whole
	err = client.Chat(ctx, request, func(piece api.ChatResponse) error {
		answer = piece
		return nil
	})
	return answer, err
}

func list(ctx context.Context, client *api.Client, _ target) (finding, error) {
	answer, err := client.List(ctx)
	if err != nil {
		return nil, err
	}
	models := []string{}
	for _, model := range answer.Models {
		models = append(models, model.Model)
	}
	return finding{"models": models, "answer": answer}, nil
}

func chat(ctx context.Context, client *api.Client, to target) (finding, error) {
	answer, err := ask(ctx, client, request(to.Models["chat"], to.Prompts["chat"]))
	return finding{"text": answer.Message.Content, "answer": answer}, err
}

func stream(ctx context.Context, client *api.Client, to target) (finding, error) {
	text := ""
	pieces := []api.ChatResponse{}
	err := client.Chat(ctx, request(to.Models["chat"], to.Prompts["chat"]), func(piece api.ChatResponse) error {
		text += piece.Message.Content
		pieces = append(pieces, piece)
		return nil
	})
	return finding{"text": text, "pieces": len(pieces), "answer": pieces}, err
}

func tool(ctx context.Context, client *api.Client, to target) (finding, error) {
	asked := request(to.Models["tool"], to.Prompts["tool"])
	var tool api.Tool
	must(json.Unmarshal([]byte(weatherTool), &tool))
	asked.Tools = api.Tools{tool}
	answer, err := ask(ctx, client, asked)
	if err != nil {
		return nil, err
	}
	if len(answer.Message.ToolCalls) == 0 {
		return nil, fmt.Errorf("no tool was called: %q", answer.Message.Content)
	}
	called := answer.Message.ToolCalls[0].Function
	return finding{"tool": finding{"name": called.Name, "arguments": called.Arguments}, "answer": answer}, nil
}

func bySchema(ctx context.Context, client *api.Client, to target) (finding, error) {
	asked := request(to.Models["chat"], to.Prompts["json"])
	asked.Format = json.RawMessage(citySchema)
	answer, err := ask(ctx, client, asked)
	if err != nil {
		return nil, err
	}
	var value any
	err = json.Unmarshal([]byte(answer.Message.Content), &value)
	return finding{"value": value, "answer": answer}, err
}

func embed(ctx context.Context, client *api.Client, to target) (finding, error) {
	answer, err := client.Embed(ctx, &api.EmbedRequest{Model: to.Models["embed"], Input: []string{"a cat", "a dog"}})
	if err != nil {
		return nil, err
	}
	dimensions := []int{}
	for _, vector := range answer.Embeddings {
		dimensions = append(dimensions, len(vector))
	}
	return finding{"dimensions": dimensions, "answer": answer}, nil
}

func unknown(ctx context.Context, client *api.Client, _ target) (finding, error) {
	_, err := ask(ctx, client, request("no-such-model", "hello"))
	var status api.StatusError
	if !errors.As(err, &status) {
		return nil, fmt.Errorf("not a StatusError: %v", err)
	}
	return finding{"error": finding{"type": "StatusError", "status": status.StatusCode, "message": status.ErrorMessage}}, nil
}

func cancel(ctx context.Context, client *api.Client, to target) (finding, error) {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	err := client.Chat(ctx, request(to.Models["chat"], to.Prompts["long"]), func(api.ChatResponse) error { return errLeft })
	if !errors.Is(err, errLeft) {
		return nil, err
	}
	return finding{}, nil
}
