"""One call of the API as a program makes it: curl, Python, Node.js, Go; keys are in the environment."""

import json
import shlex
from typing import Final

from acquit.core.exploration import Written

BASE: Final = "/1.0"


def samples(written: Written, origin: str) -> tuple[tuple[str, str], ...]:
    """Return a name and the code for each."""
    return (
        ("curl", _curl(written, origin)),
        ("Python", _python(written, origin)),
        ("Node.js", _node(written, origin)),
        ("Go", _go(written, origin)),
    )


def _curl(written: Written, origin: str) -> str:
    lines = [f"curl -X {written.method} {shlex.quote(origin + written.target)}"]
    lines.append('-H "Authorization: Bearer $TOKEN"')
    if written.body:
        lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(written.body)}"]
    return " \\\n  ".join(lines)


def _python(written: Written, origin: str) -> str:
    given = f", **{json.loads(written.body)!r}" if written.body else ""
    return (
        "import os\n\nimport ovh\nfrom ovh.client import ENDPOINTS\n\n"
        f'ENDPOINTS["acquit"] = {json.dumps(origin + BASE)}\n'
        "client = ovh.Client(\n"
        '    endpoint="acquit",\n'
        '    application_key=os.environ["APPLICATION_KEY"],\n'
        '    application_secret=os.environ["APPLICATION_SECRET"],\n'
        '    consumer_key=os.environ["CONSUMER_KEY"],\n'
        ")\n"
        f"print(client.{written.method.lower()}({_path(written)}{given}))\n"
    )


def _node(written: Written, origin: str) -> str:
    host, _, port = origin.partition("://")[2].partition(":")
    number = f"  port: {port},\n" if port else ""
    given = f", {written.body}" if written.body else ""
    return (
        "const ovh = require('ovh')({\n"
        f"  host: {json.dumps(host)},\n{number}"
        f"  basePath: {json.dumps(BASE)},\n"
        "  appKey: process.env.APPLICATION_KEY,\n"
        "  appSecret: process.env.APPLICATION_SECRET,\n"
        "  consumerKey: process.env.CONSUMER_KEY,\n"
        "});\n"
        f"ovh.request({json.dumps(written.method)}, {_path(written)}{given}, (error, answer) => {{\n"
        "  console.log(error || answer);\n"
        "});\n"
    )


def _go(written: Written, origin: str) -> str:
    verb = written.method.capitalize()
    given = f"json.RawMessage({json.dumps(written.body)}), " if written.body else ""
    nothing = "" if written.body or written.method in ("GET", "DELETE") else "nil, "
    return (
        'package main\n\nimport (\n\t"encoding/json"\n\t"fmt"\n\t"os"\n\n\t"github.com/ovh/go-ovh/ovh"\n)\n\n'
        "func main() {\n"
        f'\tclient, err := ovh.NewClient({json.dumps(origin + BASE)}, os.Getenv("APPLICATION_KEY"),\n'
        '\t\tos.Getenv("APPLICATION_SECRET"), os.Getenv("CONSUMER_KEY"))\n'
        "\tif err != nil {\n\t\tpanic(err)\n\t}\n"
        "\tvar answer json.RawMessage\n"
        f"\tif err := client.{verb}({_path(written)}, {given}{nothing}&answer); err != nil {{\n"
        "\t\tpanic(err)\n\t}\n"
        "\tfmt.Println(string(answer))\n}\n"
    )


def _path(written: Written) -> str:
    return json.dumps(written.target.removeprefix(BASE))
