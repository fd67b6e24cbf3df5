"""Graph's edges of message templates, as a stateful fake at the wire that asserts what it receives."""

from typing import Any

import httpx
import orjson
import respx

_EDITED = {"components", "category", "message_send_ttl_seconds"}


class GraphTemplates:
    """Of one account. What it holds is changed as by Meta's own pages: in `rows`, by name and language."""

    def __init__(self, graph: respx.MockRouter, waba_id: str, *, status: str = "PENDING") -> None:
        self.rows: dict[tuple[str, str], dict[str, Any]] = {}
        self.status = status
        """Of what is submitted or edited."""
        self.calls: list[str] = []
        """What was changed, as `POST order_shipped tr`."""
        self.category: str | None = None
        """That Meta files under what is submitted, where it is another than was asked for."""
        self._made = 0
        root = "http://sandbox.test/v25.0"
        graph.get(f"{root}/{waba_id}/message_templates").mock(side_effect=self._list)
        self.creating = graph.post(f"{root}/{waba_id}/message_templates").mock(side_effect=self._create)
        self.deleting = graph.delete(f"{root}/{waba_id}/message_templates").mock(side_effect=self._delete)
        self.reading = graph.get(url__regex=rf"{root}/T\d+").mock(side_effect=self._one)
        self.editing = graph.post(url__regex=rf"{root}/T\d+$").mock(side_effect=self._edit)
        self.unpausing = graph.post(url__regex=rf"{root}/T\d+/unpause$").mock(side_effect=self.unpause)

    def holds(self, body: dict[str, Any], *, status: str = "APPROVED", **more: Any) -> dict[str, Any]:
        """Adds a template as a listing shows it."""
        self._made += 1
        row = {"id": f"T{self._made}", "rejected_reason": "NONE", **body, "status": status, **more}
        self.rows[row["name"], row["language"]] = row
        return row

    def refuses(self, message: str) -> httpx.Response:
        error = {
            "message": "Invalid parameter",
            "code": 100,
            "error_user_msg": message,
            "error_data": {"details": message},
        }
        return httpx.Response(400, json={"error": error})

    def _list(self, _: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"data": list(self.rows.values())})

    def _create(self, request: httpx.Request) -> httpx.Response:
        body = orjson.loads(request.content)
        assert (body["name"], body["language"]) not in self.rows
        assert body["parameter_format"] == "NAMED"
        self.calls.append(f"POST {body['name']} {body['language']}")
        if "refuse" in body["name"]:
            return self.refuses("The name is not taken.")
        row = self.holds(body | ({"category": self.category} if self.category else {}), status=self.status)
        return httpx.Response(200, json={"id": row["id"], "status": row["status"], "category": row["category"]})

    def _by_id(self, template_id: str) -> dict[str, Any]:
        return next(row for row in self.rows.values() if row["id"] == template_id)

    def _one(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=self._by_id(request.url.path.rsplit("/", 1)[-1]))

    def _edit(self, request: httpx.Request) -> httpx.Response:
        row = self._by_id(request.url.path.rsplit("/", 1)[-1])
        body = orjson.loads(request.content)
        assert body.keys() <= _EDITED
        assert row["status"] in {"APPROVED", "REJECTED", "PAUSED"}
        self.calls.append(f"EDIT {row['name']} {row['language']}")
        row |= body | {"status": self.status}
        return httpx.Response(200, json={"success": True})

    def unpause(self, request: httpx.Request) -> httpx.Response:
        row = self._by_id(request.url.path.rsplit("/", 2)[-2])
        self.calls.append(f"UNPAUSE {row['name']} {row['language']}")
        if row["status"] != "PAUSED":
            return httpx.Response(200, json={"success": False, "reason": "It is not paused."})
        row["status"] = "APPROVED"
        return httpx.Response(200, json={"success": True})

    def _delete(self, request: httpx.Request) -> httpx.Response:
        row = self._by_id(request.url.params["hsm_id"])
        assert row["name"] == request.url.params["name"]
        del self.rows[row["name"], row["language"]]
        self.calls.append(f"DELETE {row['name']} {row['language']}")
        return httpx.Response(200, json={"success": True})
