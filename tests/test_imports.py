"""What a module imports imports nothing of it: any of them can be read, and loaded, first."""

from graphlib import TopologicalSorter

import grimp


def test_no_module_imports_itself_by_way_of_others() -> None:
    """A circle shows only to who imports its modules in an order that nobody tried before."""
    graph = grimp.build_graph("notifier", exclude_type_checking_imports=True)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    TopologicalSorter(imports).prepare()
