"""What comes back by mail: bounces, complaints, requests to leave. Read, matched by our own signed marks, acted on."""
