"""Databases of before."""

import sqlite3
from pathlib import Path

import alembic.command
import alembic.config
from sqlalchemy import create_engine

import collab.database


def test_tickets_know_when_they_were_issued(tmp_path: Path) -> None:
    """0006: they lived for twelve hours."""
    path = tmp_path / "panelroom.db"
    config = alembic.config.Config()
    config.set_main_option("script_location", str(Path(collab.database.__file__).parent / "migrations"))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, "0005")
        connection.exec_driver_sql("INSERT INTO ticket VALUES ('hash', 'gil', 100043200000, NULL, 'phone')")
        connection.exec_driver_sql("INSERT INTO device VALUES ('phone', 'secret', 1)")
        connection.exec_driver_sql("INSERT INTO removal VALUES ('interview', 'phone', 'wrong room')")
    engine.dispose()
    collab.database.migrate(path)
    after = sqlite3.connect(path)
    assert after.execute("SELECT issued_at_ms, expires_at_ms FROM ticket").fetchall() == [
        (100_000_000_000, 100_043_200_000)
    ]
    assert after.execute("SELECT browser FROM device").fetchall() == [("",)]
    assert after.execute("SELECT reason, removed_by FROM removal").fetchall() == [("wrong room", None)]
    after.close()
