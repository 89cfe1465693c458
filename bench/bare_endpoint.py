"""The least that could keep a delivery: no check, no key, one insert. A WSGI app of its own."""

from __future__ import annotations

import os
from uuid import uuid4

from flask import Flask, request
from sqlalchemy import Column, LargeBinary, MetaData, Table, Uuid

from notifier.store.engine import create_engine_for

KEPT = Table(
    "bench_deliveries",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)


def create_app() -> Flask:
    """Return the endpoint on the database at `DATABASE_URL`, where its table is there already."""
    engine = create_engine_for(os.environ["DATABASE_URL"])
    app = Flask("bare")

    @app.post("/webhooks/in/shop")
    def take() -> tuple[dict[str, str], int]:
        delivery = uuid4()
        with engine.begin() as connection:
            connection.execute(KEPT.insert().values(id=delivery, body=request.get_data()))
        return {"delivery": str(delivery)}, 200

    return app
