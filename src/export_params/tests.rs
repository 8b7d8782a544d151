//! Tests of [`super`].

use proptest::prelude::*;

use crate::export_params::*;

fn error_of(query: &str) -> (String, String) {
    let error = ExportParams::parse(query).expect_err(query);
    (error.field.expect("a field"), error.detail)
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

#[test]
fn an_empty_query_selects_everything_in_utc() {
    assert_eq!(ExportParams::parse("").expect("valid"), ExportParams::default());
}

#[test]
fn empty_fields_of_a_form_count_as_missing() {
    let query = "format=&start_date=&end_date=&camera_id=&timezone=&delimiter=&bom=&raw=&excel_date=";
    assert_eq!(ExportParams::parse(query).expect("valid"), ExportParams::default());
}

#[test]
fn the_request_example_of_the_specification_is_parsed() {
    let params = ExportParams::parse(
        "format=csv&start_date=2025-12-01&end_date=2025-12-16&camera_id=abc123&timezone=America/Los_Angeles",
    )
    .expect("valid");
    assert_eq!(params.range.start(), Some(DateBound::Day(day("2025-12-01"))));
    assert_eq!(params.range.end(), Some(DateBound::Day(day("2025-12-16"))));
    assert_eq!(params.camera_ids, ["abc123"]);
    assert_eq!(params.timezone, "America/Los_Angeles");
    assert!(!params.bom && !params.raw && !params.excel_date);
}

#[test]
fn a_repeated_camera_counts_once() {
    let params = ExportParams::parse("camera_id=b&camera_id=a&camera_id=b").expect("valid");
    assert_eq!(params.camera_ids, ["b", "a"]);
}

#[test]
fn an_invalid_date_is_refused_with_its_parameter_and_the_expected_format() {
    for bad in [
        "2025-02-29",
        "2025-13-01",
        "2025-1-1",
        "0000-01-01",
        "01/12/2025",
        "+2025-12-01",
        "tomorrow",
        "-7",
        "2025-12-01T10",
        "2025-12-01T24:00",
        "2025-12-01T10:00:00+01:00",
    ] {
        let (field, detail) = error_of(&format!("end_date={bad}"));
        assert_eq!(field, "end_date");
        assert!(detail.contains("YYYY-MM-DD"), "{bad}: {detail}");
    }
    // The last value above is a valid instant whose plus sign was decoded as a space.
    assert!(error_of("end_date=2025-12-01T10:00:00+01:00").1.contains("%2B"));
    assert!(ExportParams::parse("end_date=2025-12-01T10:00:00%2B01:00").is_ok());
}

#[test]
fn a_local_time_and_a_relative_date_are_written_in_their_shortest_form() {
    for (text, expected) in [
        ("2025-12-01T08:30", "2025-12-01T08:30"),
        ("2025-12-01T08:30:00", "2025-12-01T08:30"),
        ("2025-12-01T08:00:00.000", "2025-12-01T08:00"),
        ("2025-12-01T08:30:15", "2025-12-01T08:30:15"),
        ("2025-12-01T08:30:00.500", "2025-12-01T08:30:00.500"),
        ("-1d", "yesterday"),
        ("-0d", "today"),
        ("-007d", "-7d"),
        ("last-month", "last-month"),
    ] {
        let bound = DateBound::parse("start_date", text).expect(text);
        assert_eq!(bound.to_string(), expected, "{text}");
        assert_eq!(DateBound::parse("start_date", expected), Ok(bound), "{text}");
    }
}

#[test]
fn a_start_after_the_end_is_refused() {
    assert_eq!(error_of("start_date=2025-12-02&end_date=2025-12-01").0, "start_date");
    assert_eq!(error_of("start_date=2025-12-01T00:00:01Z&end_date=2025-12-01T00:00:00Z").0, "start_date");
    assert!(ExportParams::parse("start_date=2025-12-01&end_date=2025-12-01").is_ok());
}

#[test]
fn unknown_and_repeated_parameters_are_refused_with_their_names() {
    assert_eq!(error_of("camera=a").0, "camera");
    assert_eq!(error_of("timezone=UTC&timezone=UTC").0, "timezone");
    assert_eq!(error_of("format=json").0, "format");
    assert_eq!(error_of("bom=1").0, "bom");
    assert_eq!(error_of("raw=yes").0, "raw");
    assert_eq!(error_of("excel_date=1").0, "excel_date");
    let (field, detail) = error_of("delimiter=;");
    assert_eq!(field, "delimiter");
    assert!(detail.contains("comma or semicolon"), "{detail}");
}

#[test]
fn file_names_contain_the_range() {
    let (first, last) = (day("2025-12-01"), day("2025-12-16"));
    assert_eq!(file_name(None, None), "motion-events-all.csv");
    assert_eq!(file_name(Some(first), None), "motion-events-2025-12-01-latest.csv");
    assert_eq!(file_name(None, Some(last)), "motion-events-earliest-2025-12-16.csv");
    assert_eq!(file_name(Some(first), Some(last)), "motion-events-2025-12-01-2025-12-16.csv");
}

#[test]
fn the_days_are_found_again_in_the_name_of_a_file() {
    let (first, last) = (day("2025-12-01"), day("2025-12-16"));
    for (first, last) in [(None, None), (Some(first), None), (None, Some(last)), (Some(first), Some(last))] {
        let name = file_name(first, last);
        let copy = name.replace(".csv", " (1).csv");
        for name in [name.as_str(), copy.as_str(), name.trim_end_matches(".csv")] {
            assert_eq!(FileDays::of(name), Some(FileDays { first, last }), "{name}");
        }
    }
    for other in [
        "report.csv",
        "motion-events-",
        "motion-events-2025-12-01.csv",
        "motion-events-2025-13-01-latest.csv",
        "motion-events-ü",
    ] {
        assert_eq!(FileDays::of(other), None, "{other}");
    }
}

fn bound() -> impl Strategy<Value = DateBound> {
    prop_oneof![
        (1..=3_652_059_i32).prop_map(|days| DateBound::Day(NaiveDate::from_num_days_from_ce_opt(days).expect("a day"))),
        (-62_135_596_800_i64..253_402_300_799, 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| {
            DateBound::Instant(DateTime::from_timestamp(seconds, nanos).expect("an instant"))
        }),
        (-62_135_596_800_i64..253_402_300_799, prop_oneof![Just(0), 0..1_000_000_000_u32]).prop_map(
            |(seconds, nanos)| {
                DateBound::Local(DateTime::from_timestamp(seconds, nanos).expect("an instant").naive_utc())
            }
        ),
        relative_date::any_relative_date().prop_map(DateBound::Relative),
    ]
}

proptest! {
    #[test]
    fn parse_reads_what_to_query_writes(
        start in proptest::option::of(bound()),
        end in proptest::option::of(bound()),
        cameras in proptest::collection::hash_set("\\PC{1,20}", 0..4),
        timezone in "[A-Z][a-z]{1,9}/[A-Za-z_+-]{1,12}",
        is_semicolon: bool,
        bom: bool,
        raw: bool,
        excel_date: bool,
    ) {
        let range = DateRange::new(start, end);
        prop_assume!(range.is_ok());
        let camera_ids = cameras.into_iter().collect();
        let delimiter = Delimiter::ALL[usize::from(is_semicolon)];
        let range = range.expect("valid");
        let params = ExportParams { range, camera_ids, timezone, delimiter, bom, raw, excel_date };
        prop_assert_eq!(ExportParams::parse(&params.to_query()).expect("valid"), params);
    }

    #[test]
    fn the_parser_never_panics(query in "\\PC{0,80}") {
        let _ = ExportParams::parse(&query);
    }
}
