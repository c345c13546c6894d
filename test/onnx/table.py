"""The table in README.md of what becomes of each case of the onnx package's backend suite."""
import re
from collections import defaultdict
from pathlib import Path


README = Path(__file__).parent / "README.md"
MARK = "<!-- From here on written by `backend.py write-table`. -->\n"
PASS = "pass"
MUST_PASS, PASS_TOO = "Must pass", "Pass as well"
PASS_PARTLY, REFUSED = "Pass with constant weights only", "Refused"


class BadForm(Exception):
    """A message that does not say what it is about."""


def _nodes(graph):
    """The nodes of a graph and of the graphs inside them."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _nodes(attribute.g)


def reason(lines, path, model):
    """What incc's diagnostics `lines` say about `model`, as `OPERATOR: why`, without the names of
    nodes and values: those differ from case to case. Raises BadForm for a message that names
    neither a node with its operator, nor a value, nor what of the whole model is wrong."""
    graph = model.graph
    operators = {}
    for node in _nodes(graph):
        name = node.name or next((output for output in node.output if output), "")
        operators.setdefault(name, set()).add(_operator(node))
    values = {value.name for value in [*graph.input, *graph.output]}
    given = {tensor.name for tensor in graph.initializer}
    found = []
    for line in lines:
        kind, text = re.match(r"(error|note): (.*)", line.removeprefix(f"{path}: ")).groups()
        if re.fullmatch(r"\d+ of \d+ nodes can't be imported", text):
            continue
        node = re.match(r"(.*): (\S+) \(opset \d+\): (.*)", text)
        if node and node[2] in operators.get(node[1], ()):
            found.append((node[2], re.sub(r" \('[^']*'\)", "", node[3])))
        elif (value := re.match(r"(input|output) '([^']*)' (.*)", text)) and value[2] in values:
            found.append((value[1], value[3]))
        elif (weights := re.match(r"(.*): (the initializer .*)", text)) and weights[1] in given:
            found.append(("constant", weights[2]))
        elif whole := re.match(r"(the model) (.*)|(expected a model) (of opset .*)", text):
            found.append(tuple(part for part in whole.groups() if part))
        else:
            raise BadForm(f"a message that names nothing in the model: {line}")
    return "; ".join(f"{what}: {why}" for what, why in dict.fromkeys(found))


def _operator(node):
    return node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"


def _escape(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


def _operators_of(case):
    return ", ".join(sorted({node.op_type for node in case.model().graph.node})) or "none"


def render(results):
    """The table as Markdown."""
    sections = {True: defaultdict(list), False: defaultdict(list)}
    partly, refused = [], defaultdict(list)
    for case, forms in results.items():
        reasons = [why for why in forms.values() if why != PASS]
        if not reasons:
            mark = "" if len(forms) > 1 else "¹"
            sections[case.is_required()][case.group, _operators_of(case)].append(case.name + mark)
        elif len(reasons) < len(forms):
            partly.append((case, reasons[0]))
        else:
            refused[case.group, reasons[0]].append(case.name)
    text = "| group | cases | pass | with constant weights only | refused |\n|-|-|-|-|-|\n"
    for group in dict.fromkeys(case.group for case in results):
        cases = [forms for case, forms in results.items() if case.group == group]
        whole = sum(set(forms.values()) == {PASS} for forms in cases)
        part = sum(group == case.group for case, _ in partly)
        text += f"| {group} | {len(cases)} | {whole} | {part} | {len(cases) - whole - part} |\n"
    text += "\nA case passes in both forms; a ¹ stands where they are the same.\n"
    for required, title in [(True, MUST_PASS), (False, PASS_TOO)]:
        count = sum(map(len, sections[required].values()))
        text += f"\n## {title}\n{count} cases.\n\n| group | operators | cases |\n|-|-|-|\n"
        for (group, operators), names in sections[required].items():
            text += f"| {group} | {operators} | {' '.join(names)} |\n"
    text += f"\n## {PASS_PARTLY}\n| case | weights at run time |\n|-|-|\n"
    for case, why in partly:
        text += f"| {case.key} | {_escape(why)} |\n"
    text += f"\n## {REFUSED}\n| group | message | cases |\n|-|-|-|\n"
    order = sorted(refused.items(), key=lambda item: (item[0][0], item[0][1].partition(": ")[::-1]))
    for (group, why), names in order:
        text += f"| {group} | {_escape(why)} | {' '.join(names)} |\n"
    return text


def write(results):
    head = README.read_text().partition(MARK)[0]
    README.write_text(head + MARK + render(results))


def _read():
    """What README.md says of each case: PASS, or why it is refused, if only in the second form."""
    said, section = {}, ""
    for line in README.read_text().partition(MARK)[2].splitlines():
        if line.startswith("## "):
            section = line[3:]
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if section == PASS_PARTLY and len(cells) == 2:
            said[cells[0]] = cells[1]
        elif len(cells) == 3:
            for name in cells[2].split():
                said[f"{cells[0]}/{name.rstrip('¹')}"] = cells[1] if section == REFUSED else PASS
    return said


def differences(results):
    """Messages about cases of which README.md says something else."""
    said = _read()
    messages = []
    for case, forms in results.items():
        expected = next((_escape(why) for why in forms.values() if why != PASS), PASS)
        if said.get(case.key) != expected:
            messages.append(f"{case.key}: {expected}; README.md says {said.get(case.key)}: "
                            "run backend.py write-table")
    return messages
