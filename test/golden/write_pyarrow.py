"""Writes the points files of the folder `pyarrow` and their JSON twins.

Run it from the root of the repository, with pyarrow installed: python3 test/golden/write_pyarrow.py
"""

import datetime
import json
import pathlib
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent
OUT = HERE / "pyarrow"
POINTS = json.loads((HERE / "points.json").read_text())
SERIES_ID = "0198a000-0000-7000-8000-000000000001"


def exact_text(value):
    """The digits, where the double alone would not give them back."""
    if value is None or Decimal(repr(float(value))) == Decimal(value):
        return None
    return value


def column(name, of, type_):
    return name, pa.array([of(point) for point in POINTS], type_)


def points_table(text=pa.string(), instant=pa.timestamp("us", "UTC"), scale=1):
    def date(name):
        return lambda point: datetime.date.fromisoformat(point[name])

    def number(point):
        return None if point["value"] is None else float(point["value"])

    return pa.table(
        dict(
            [
                ("series_id", pa.array([SERIES_ID] * len(POINTS), text)),
                column("date", date("date"), pa.date32()),
                column("revision_date", date("revisionDate"), pa.date32()),
                column("value", number, pa.float64()),
                column("value_exact", lambda point: exact_text(point["value"]), text),
                column("is_original_release", lambda point: point["isOriginal"], pa.bool_()),
                column("created_at", lambda point: point["createdAt"] * scale, instant),
                column("updated_at", lambda point: point["updatedAt"] * scale, instant),
            ]
        )
    )


def write(name, table, points=POINTS, **options):
    pq.write_table(table, OUT / f"{name}.parquet", **options)
    (OUT / f"{name}.json").write_text(json.dumps(points, indent=2) + "\n")


def main():
    OUT.mkdir(exist_ok=True)
    write("defaults", points_table())
    # Texts as dictionaries, in the file and in the Arrow schema that it carries.
    write("dictionaries", points_table(text=pa.dictionary(pa.int32(), pa.string())))
    write(
        "large-texts-gzip-small-row-groups",
        points_table(text=pa.large_string()),
        compression="gzip",
        row_group_size=2,
        data_page_version="2.0",
    )
    # Milliseconds keep no microseconds: the twin has what is left.
    in_milliseconds = [
        {**point, "createdAt": point["createdAt"] // 1000 * 1000, "updatedAt": point["updatedAt"] // 1000 * 1000}
        for point in POINTS
    ]
    table = points_table()
    for name in ("created_at", "updated_at"):
        index = table.schema.get_field_index(name)
        cast = table.column(name).cast(pa.timestamp("ms", "UTC"), safe=False)
        table = table.set_column(index, name, cast)
    write("milliseconds-brotli", table, in_milliseconds, compression="brotli")
    # Only what has to be there, in another order, beside columns that we do not know.
    reordered = points_table().select(
        ["updated_at", "is_original_release", "value", "revision_date", "date", "created_at"]
    )
    reordered = reordered.append_column("note", pa.array(["?"] * len(POINTS)))
    doubles = [
        {**point, "value": None if point["value"] is None else str(Decimal(repr(float(point["value"]))))}
        for point in POINTS
    ]
    for point in doubles:
        if point["value"] is not None:
            number = format(Decimal(point["value"]), "f")
            point["value"] = number.rstrip("0").rstrip(".") if "." in number else number
    write("reordered-without-exact", reordered, doubles, compression="zstd", use_dictionary=False)


if __name__ == "__main__":
    main()
