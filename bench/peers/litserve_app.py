"""LitServe: the answer to the request is the result; there is no queue that outlives the process."""

import litserve

from bench.peers.work import PORT, work


class Noop(litserve.LitAPI):
    """One worker process that does nothing."""

    def setup(self, device: str) -> None:
        """Nothing to load."""

    def decode_request(self, request: dict[str, str]) -> str:
        """The text."""
        return request["text"]

    def predict(self, text: str) -> dict[str, str]:
        """The job."""
        return work(text)

    def encode_response(self, output: dict[str, str]) -> dict[str, str]:
        """The result as it is."""
        return output


if __name__ == "__main__":
    model = Noop(api_path="/jobs")
    server = litserve.LitServer(model, accelerator="cpu", workers_per_device=1, disable_openapi_url=True)
    server.run(host="127.0.0.1", port=PORT, num_api_servers=1, log_level="warning", generate_client_file=False)
