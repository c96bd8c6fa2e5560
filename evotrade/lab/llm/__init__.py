"""The language model in the lab: strategies made, changed, explained, named, looked over, judged live."""

from evotrade.lab.llm.asks import Asked
from evotrade.lab.llm.making import create, fork, try_idea
from evotrade.lab.llm.reading import explain, find_patterns, name_cells, suggest

__all__ = ["Asked", "create", "explain", "find_patterns", "fork", "name_cells", "suggest", "try_idea"]
