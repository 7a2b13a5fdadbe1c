"""A store for each engine that `engine` and `atomic_engine` offer."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import field, frozen

from local_stack.template import create_tables
from store.samples import Store


def pytest_configure(config: pytest.Config) -> None:
    """Once per process, whichever of the folders comes first."""
    config.pluginmanager.import_plugin("engines")


@frozen
class Tables:
    """The template's tables, read once: what takes the place of a client here notes how each is
    made.
    """

    definitions: list[dict[str, Any]] = field(factory=list)

    def create_table(self, **definition: Any) -> None:
        self.definitions.append(definition)

    def store_on(self, client: Any, names: dict[str, str]) -> Store:
        for definition in self.definitions:
            client.create_table(**definition)
        return Store(client, dict(names), pauses=[])


@pytest.fixture(scope="session")
def tables() -> tuple[Tables, dict[str, str]]:
    noted = Tables()
    return noted, create_tables(noted)


@pytest.fixture
def store(engine: Any, tables: tuple[Tables, dict[str, str]]) -> Store:
    return tables[0].store_on(engine(), tables[1])


@pytest.fixture
def atomic_store(atomic_engine: Any, tables: tuple[Tables, dict[str, str]]) -> Store:
    """Where "only one wins" means something: never moto."""
    return tables[0].store_on(atomic_engine(), tables[1])
