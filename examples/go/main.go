// Submits a job with the standard library and waits for its end.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
)

type job struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

// send returns the job of the response, or the problem as an error.
func send(method, path string, body any, prefer string) (job, error) {
	var payload bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&payload).Encode(body); err != nil {
			return job{}, err
		}
	}
	request, err := http.NewRequest(method, os.Getenv("SWITCHYARD_URL")+path, &payload)
	if err != nil {
		return job{}, err
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("SWITCHYARD_API_KEY"))
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if prefer != "" {
		request.Header.Set("Prefer", prefer)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return job{}, err
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		problem, _ := io.ReadAll(response.Body)
		return job{}, fmt.Errorf("%s: %s", response.Status, problem)
	}
	var result job
	return result, json.NewDecoder(response.Body).Decode(&result)
}

func main() {
	submitted, err := send("POST", "/jobs", map[string]any{
		"provider":  "modelarts",
		"name":      "train",
		"image":     "deep-learning/pytorch:2.1",
		"script":    "echo training; python train.py",
		"resources": map[string]any{"flavor": "modelarts.vm.gpu.v100"},
	}, "")
	if err != nil {
		log.Fatal(err)
	}
	final := map[string]bool{"succeeded": true, "failed": true, "canceled": true, "unknown": true}
	current := submitted
	for !final[current.Status] {
		// Each request waits up to 30 seconds for the final status.
		if current, err = send("GET", "/jobs/"+submitted.ID, nil, "wait=30"); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(current.ID, current.Status)
	if current.Status != "succeeded" {
		os.Exit(1)
	}
}
