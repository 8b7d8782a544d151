//! Tests of [`super`]: what a query string means, and what it may not say.

use proptest::prelude::*;

use crate::export_params::*;

fn refusal(query: &str) -> (String, String) {
    let error = ExportParams::parse(query).expect_err(query);
    (error.field.expect("a field"), error.detail)
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

#[test]
fn an_empty_query_asks_for_everything_in_utc() {
    assert_eq!(ExportParams::parse("").expect("valid"), ExportParams::default());
}

#[test]
fn fields_that_a_form_left_empty_count_as_missing() {
    let query = "format=&start_date=&end_date=&camera_id=&timezone=&bom=&raw=&excel_date=";
    assert_eq!(ExportParams::parse(query).expect("valid"), ExportParams::default());
}

#[test]
fn the_request_example_of_the_specification_is_understood() {
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
fn a_camera_may_repeat_and_counts_once() {
    let params = ExportParams::parse("camera_id=b&camera_id=a&camera_id=b").expect("valid");
    assert_eq!(params.camera_ids, ["b", "a"]);
}

#[test]
fn bad_dates_are_refused_by_name_with_what_would_be_right() {
    for bad in [
        "2025-02-29",
        "2025-13-01",
        "2025-1-1",
        "0000-01-01",
        "01/12/2025",
        "+2025-12-01",
        "yesterday",
        "2025-12-01T10:00:00",
        "2025-12-01T10:00:00+01:00",
    ] {
        let (field, detail) = refusal(&format!("end_date={bad}"));
        assert_eq!(field, "end_date");
        assert!(detail.contains("YYYY-MM-DD"), "{bad}: {detail}");
    }
    // The last one above is a well-formed instant whose plus sign became a space on its way.
    assert!(refusal("end_date=2025-12-01T10:00:00+01:00").1.contains("%2B"));
    assert!(ExportParams::parse("end_date=2025-12-01T10:00:00%2B01:00").is_ok());
}

#[test]
fn a_start_after_the_end_is_refused() {
    assert_eq!(refusal("start_date=2025-12-02&end_date=2025-12-01").0, "start_date");
    assert_eq!(refusal("start_date=2025-12-01T00:00:01Z&end_date=2025-12-01T00:00:00Z").0, "start_date");
    assert!(ExportParams::parse("start_date=2025-12-01&end_date=2025-12-01").is_ok());
}

#[test]
fn unknown_and_repeated_parameters_are_refused_by_name() {
    assert_eq!(refusal("camera=a").0, "camera");
    assert_eq!(refusal("timezone=UTC&timezone=UTC").0, "timezone");
    assert_eq!(refusal("format=json").0, "format");
    assert_eq!(refusal("bom=1").0, "bom");
    assert_eq!(refusal("raw=yes").0, "raw");
    assert_eq!(refusal("excel_date=1").0, "excel_date");
}

#[test]
fn file_names_tell_the_range() {
    let (first, last) = (day("2025-12-01"), day("2025-12-16"));
    assert_eq!(file_name(None, None), "motion-events-all.csv");
    assert_eq!(file_name(Some(first), None), "motion-events-2025-12-01-latest.csv");
    assert_eq!(file_name(None, Some(last)), "motion-events-earliest-2025-12-16.csv");
    assert_eq!(file_name(Some(first), Some(last)), "motion-events-2025-12-01-2025-12-16.csv");
}

fn bound() -> impl Strategy<Value = DateBound> {
    prop_oneof![
        (1..=3_652_059_i32).prop_map(|days| DateBound::Day(NaiveDate::from_num_days_from_ce_opt(days).expect("a day"))),
        (-62_135_596_800_i64..253_402_300_799, 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| {
            DateBound::Instant(DateTime::from_timestamp(seconds, nanos).expect("an instant"))
        }),
    ]
}

proptest! {
    #[test]
    fn what_to_query_writes_parse_reads_back(
        start in proptest::option::of(bound()),
        end in proptest::option::of(bound()),
        cameras in proptest::collection::hash_set("\\PC{1,20}", 0..4),
        timezone in "[A-Z][a-z]{1,9}/[A-Za-z_+-]{1,12}",
        bom: bool,
        raw: bool,
        excel_date: bool,
    ) {
        let range = DateRange::new(start, end);
        prop_assume!(range.is_ok());
        let camera_ids = cameras.into_iter().collect();
        let params = ExportParams { range: range.expect("valid"), camera_ids, timezone, bom, raw, excel_date };
        prop_assert_eq!(ExportParams::parse(&params.to_query()).expect("valid"), params);
    }

    #[test]
    fn no_query_makes_the_parser_panic(query in "\\PC{0,80}") {
        let _ = ExportParams::parse(&query);
    }
}
