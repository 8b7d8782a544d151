//! Parses the rows of PostgreSQL's `COPY … TO STDOUT (FORMAT binary)`. No I/O.
//!
//! The format: a signature, flags in four bytes, the length of an extension in four bytes, the extension. Then the rows: the number
//! of fields in two bytes, and for each field its length in four bytes (-1 for NULL) and its value. At the end, -1 instead of a
//! number of fields. (<https://www.postgresql.org/docs/current/sql-copy.html>, "Binary Format")

/// The start of an answer.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// The number of fields that marks the end.
const END_MARK: i16 = -1;

/// The length that marks a NULL.
const NULL_MARK: i32 = -1;

/// The binary value of a field; `None` for NULL.
pub type Field<'a> = Option<&'a [u8]>;

/// A parser of rows of `N` fields, by its position in the answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum BinaryCopyParser<const N: usize> {
    /// Before the signature.
    #[default]
    Start,
    /// Within the rows.
    Rows,
    /// After the end.
    End,
}

/// The error for an answer that does not have this format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(&'static str);

impl std::fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "invalid answer of PostgreSQL's COPY in binary format: {}", self.0)
    }
}

impl std::error::Error for Malformed {}

impl<const N: usize> BinaryCopyParser<N> {
    /// Parses a message of complete rows, and passes them to `take`. A server sends each row in one message.
    ///
    /// # Errors
    /// Returns an error if the message is malformed, and the errors of `take`.
    pub fn read<E: From<Malformed>>(
        &mut self,
        message: &[u8],
        mut take: impl FnMut(&[Field<'_>; N]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = message;
        if *self == Self::Start {
            let signature = split_off(&mut rest, SIGNATURE.len())?;
            if signature != SIGNATURE {
                return Err(Malformed("unexpected signature").into());
            }
            let [_flags, extension] = [read_i32(&mut rest)?, read_i32(&mut rest)?];
            split_off(&mut rest, usize::try_from(extension).map_err(|_| Malformed("negative length"))?)?;
            *self = Self::Rows;
        }
        while !rest.is_empty() {
            if *self == Self::End {
                return Err(Malformed("data after the end").into());
            }
            let fields = i16::from_be_bytes(array(&mut rest)?);
            if fields == END_MARK {
                *self = Self::End;
                continue;
            }
            if usize::try_from(fields) != Ok(N) {
                return Err(Malformed("unexpected number of fields").into());
            }
            let mut row = [None; N];
            for field in &mut row {
                *field = match read_i32(&mut rest)? {
                    NULL_MARK => None,
                    length => {
                        let length = usize::try_from(length).map_err(|_| Malformed("negative length"))?;
                        Some(split_off(&mut rest, length)?)
                    }
                };
            }
            take(&row)?;
        }
        Ok(())
    }

    /// Checks that the answer is complete, after the last message.
    ///
    /// # Errors
    /// Returns an error if it is not.
    pub fn end(&self) -> Result<(), Malformed> {
        if *self == Self::End { Ok(()) } else { Err(Malformed("missing end")) }
    }
}

fn split_off<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Malformed> {
    let (part, after) = rest.split_at_checked(length).ok_or(Malformed("truncated row"))?;
    *rest = after;
    Ok(part)
}

fn array<const LENGTH: usize>(rest: &mut &[u8]) -> Result<[u8; LENGTH], Malformed> {
    let (array, after) = rest.split_first_chunk().ok_or(Malformed("truncated row"))?;
    *rest = after;
    Ok(*array)
}

fn read_i32(rest: &mut &[u8]) -> Result<i32, Malformed> {
    array(rest).map(i32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Rows = Vec<[Option<Vec<u8>>; 3]>;

    fn header() -> Vec<u8> {
        [SIGNATURE, &[0, 0, 0, 0], &[0, 0, 0, 2], b"ex"].concat()
    }

    fn encoded(row: &[Option<Vec<u8>>; 3]) -> Vec<u8> {
        let mut bytes = 3_i16.to_be_bytes().to_vec();
        for field in row {
            let length = field.as_ref().map_or(-1, |field| i32::try_from(field.len()).unwrap());
            bytes.extend(length.to_be_bytes());
            bytes.extend(field.iter().flatten());
        }
        bytes
    }

    fn read(messages: &[Vec<u8>]) -> Result<Rows, Malformed> {
        let (mut parser, mut rows) = (BinaryCopyParser::<3>::default(), Vec::new());
        for message in messages {
            parser.read(message, |row| {
                rows.push(row.map(|field| field.map(<[u8]>::to_vec)));
                Ok::<_, Malformed>(())
            })?;
        }
        parser.end().map(|()| rows)
    }

    fn end() -> Vec<u8> {
        END_MARK.to_be_bytes().to_vec()
    }

    #[test]
    fn an_answer_without_rows_is_valid() {
        assert_eq!(read(&[[header(), end()].concat()]), Ok(Vec::new()));
    }

    #[test]
    fn a_malformed_answer_is_an_error() {
        let row = encoded(&[None, Some(b"b".to_vec()), None]);
        let reason = |messages: &[Vec<u8>]| read(messages).unwrap_err().0;
        assert_eq!(reason(&[]), "missing end");
        assert_eq!(reason(&[header(), row.clone()]), "missing end");
        assert_eq!(reason(&[b"timestamp,camera_id\r\n".to_vec()]), "unexpected signature");
        assert_eq!(reason(&[header(), row[..row.len() - 1].to_vec(), end()]), "truncated row");
        assert_eq!(reason(&[header(), [0, 4].to_vec(), end()]), "unexpected number of fields");
        assert_eq!(reason(&[header(), end(), row]), "data after the end");
        assert_eq!(reason(&[[SIGNATURE, &[0; 4], &[0xff; 4]].concat()]), "negative length");
        assert_eq!(reason(&[header(), [0, 3, 0xff, 0xff, 0xff, 0xfe].to_vec(), end()]), "negative length");
    }

    #[test]
    fn an_error_of_the_receiver_stops_the_parser() {
        let row = encoded(&[None, None, None]);
        let mut parser = BinaryCopyParser::<3>::default();
        let result = parser.read(&[header(), row].concat(), |_| Err(Malformed("enough")));
        assert_eq!(result, Err(Malformed("enough")));
    }

    proptest! {
        #[test]
        fn rows_are_parsed_as_they_were_encoded(
            rows in proptest::collection::vec(
                proptest::array::uniform3(proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40))), 0..20),
            in_one_message in any::<bool>(),
        ) {
            let mut messages = vec![header()];
            messages.extend(rows.iter().map(encoded));
            messages.push(end());
            if in_one_message {
                messages = vec![messages.concat()];
            }
            prop_assert_eq!(read(&messages), Ok(rows));
        }

        #[test]
        fn an_answer_that_is_truncated_anywhere_is_never_complete(
            rows in proptest::collection::vec(
                proptest::array::uniform3(proptest::option::of(proptest::collection::vec(any::<u8>(), 0..9))), 0..5),
            cut in any::<proptest::sample::Index>(),
        ) {
            let mut answer = header();
            answer.extend(rows.iter().flat_map(encoded));
            answer.extend(end());
            answer.truncate(cut.index(answer.len()));
            prop_assert!(read(&[answer]).is_err());
        }
    }
}
