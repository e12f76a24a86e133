// Submits a job with the standard library, waits for its end and prints its log.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

type job struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

// send returns the body of the response, or the problem as an error.
func send(method, path string, body any, headers map[string]string) ([]byte, error) {
	var payload bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&payload).Encode(body); err != nil {
			return nil, err
		}
	}
	request, err := http.NewRequest(method, os.Getenv("SWITCHYARD_URL")+path, &payload)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("SWITCHYARD_API_KEY"))
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= 300 {
		err = fmt.Errorf("%s: %s", response.Status, content)
	}
	return content, err
}

func sendJob(method, path string, body any, headers map[string]string) (result job, err error) {
	content, err := send(method, path, body, headers)
	if err != nil {
		return job{}, err
	}
	err = json.Unmarshal(content, &result)
	return result, err
}

func main() {
	// With the key, a repeated request returns the same job instead of creating a second one.
	key := map[string]string{"Idempotency-Key": rand.Text()}
	submitted, err := sendJob("POST", "/jobs", map[string]any{
		"provider":  "modelarts",
		"name":      "train",
		"image":     "deep-learning/pytorch:2.1",
		"script":    "echo training; python train.py",
		"resources": map[string]any{"flavor": "modelarts.vm.gpu.v100"},
	}, key)
	if err != nil {
		log.Fatal(err)
	}
	final := map[string]bool{"succeeded": true, "failed": true, "canceled": true, "unknown": true}
	current := submitted
	for !final[current.Status] {
		// Each request waits up to 30 seconds for the final status; a service that is about to stop returns at once.
		current, err = sendJob("GET", "/jobs/"+submitted.ID, nil, map[string]string{"Prefer": "wait=30"})
		if err != nil {
			log.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
	}
	text, err := send("GET", "/jobs/"+submitted.ID+"/logs/raw", nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", text)
	fmt.Println(current.ID, current.Status)
	if current.Status != "succeeded" {
		os.Exit(1)
	}
}
