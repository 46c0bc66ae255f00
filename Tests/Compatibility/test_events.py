"""/explain as server-sent events, read by the standard library alone and by two clients."""

import http.client
import json
import unittest
import urllib.parse

import httpx
import httpx_sse
import requests
import sseclient
from client_case import TEXTS, TIMEOUT, URL, ClientCase, post


def with_standard_library(body):
    """The events of a stream, read line by line (HTML, section 9.2.6)."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(URL).netloc, timeout=TIMEOUT)
    connection.request("POST", "/explain", json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    assert response.headers["Content-Type"] == "text/event-stream", response.headers["Content-Type"]
    name, data = "message", []
    for line in response:
        field, _, value = line.decode().rstrip("\r\n").partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "" and data:
            yield name, "\n".join(data)
            name, data = "message", []
    connection.close()


def with_httpx_sse(body):
    with httpx.Client(timeout=TIMEOUT) as client:
        with httpx_sse.connect_sse(client, "POST", URL + "/explain", json=body) as source:
            for event in source.iter_sse():
                yield event.event, event.data


def with_sseclient(body):
    with requests.post(URL + "/explain", json=body, stream=True, timeout=TIMEOUT) as response:
        for event in sseclient.SSEClient(response).events():
            yield event.event, event.data


class EventTests(ClientCase):
    readers = (with_standard_library, with_httpx_sse, with_sseclient)

    def test_pieces_make_up_the_rationales_of_the_answer_without_a_stream(self):
        body = {"inputs": TEXTS, "embedding": True}
        answer = post("/explain", body)
        for read in self.readers:
            with self.subTest(read.__name__):
                *tokens, (name, data) = [(name, json.loads(data)) for name, data in read({**body, "stream": True})]
                self.assertEqual((name, data), ("done", answer))
                self.assertEqual({name for name, _ in tokens}, {"token"})
                for index, text in enumerate(answer):
                    pieces = [token["text"] for _, token in tokens if token["index"] == index]
                    self.assertEqual("".join(pieces), text["rationale"])

    def test_pieces_come_one_by_one_where_nothing_is_cached(self):
        for read in self.readers:
            text = f"{read.__name__} waits for the rain."
            tokens = [data for name, data in read({"inputs": text, "stream": True}) if name == "token"]
            with self.subTest(read.__name__):
                self.assertGreater(len(tokens), 1)

    def test_what_is_refused_has_a_status_and_no_stream(self):
        response = httpx.post(URL + "/explain", json={"inputs": "", "stream": True}, timeout=TIMEOUT)
        self.assertEqual((response.status_code, response.json()["error_type"]), (400, "Empty"))


if __name__ == "__main__":
    unittest.main()
