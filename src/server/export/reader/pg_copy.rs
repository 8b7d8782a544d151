//! The rows in an answer to PostgreSQL's `COPY … TO STDOUT (FORMAT binary)`. No I/O.
//!
//! The format: a signature, four bytes of flags and the length of an extension, the extension; then rows, each with the
//! number of its fields in two bytes, and each field with its length in four, -1 for NULL; at the end -1 instead of a
//! number of fields. (<https://www.postgresql.org/docs/current/sql-copy.html>, "Binary Format")

/// What an answer begins with.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// How many fields the end says that it has.
const END: i16 = -1;

/// The length of a field that is NULL.
const NULL: i32 = -1;

/// A field as the database writes its type in binary; nothing for NULL.
pub type Field<'a> = Option<&'a [u8]>;

/// How far an answer of rows of `N` fields was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum BinaryCopyParser<const N: usize> {
    /// Nothing yet.
    #[default]
    Before,
    /// The beginning.
    Rows,
    /// Everything.
    Whole,
}

/// An answer that is not in the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(&'static str);

impl std::fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PostgreSQL's COPY gave what is not in its binary format: {}", self.0)
    }
}

impl std::error::Error for Malformed {}

impl<const N: usize> BinaryCopyParser<N> {
    /// Reads a message, which ends where a row does (a server sends each row in one), and gives the rows on.
    ///
    /// # Errors
    /// Where that is not so; those of `take`.
    pub fn read<E: From<Malformed>>(
        &mut self,
        message: &[u8],
        mut take: impl FnMut(&[Field<'_>; N]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = message;
        if *self == Self::Before {
            let signature = part(&mut rest, SIGNATURE.len())?;
            if signature != SIGNATURE {
                return Err(Malformed("another signature").into());
            }
            let [_flags, extension] = [four(&mut rest)?, four(&mut rest)?];
            part(&mut rest, usize::try_from(extension).map_err(|_| Malformed("a negative length"))?)?;
            *self = Self::Rows;
        }
        while !rest.is_empty() {
            if *self == Self::Whole {
                return Err(Malformed("something after the end").into());
            }
            let fields = i16::from_be_bytes(array(&mut rest)?);
            if fields == END {
                *self = Self::Whole;
                continue;
            }
            if usize::try_from(fields) != Ok(N) {
                return Err(Malformed("another number of fields").into());
            }
            let mut row = [None; N];
            for field in &mut row {
                *field = match four(&mut rest)? {
                    NULL => None,
                    length => {
                        let length = usize::try_from(length).map_err(|_| Malformed("a negative length"))?;
                        Some(part(&mut rest, length)?)
                    }
                };
            }
            take(&row)?;
        }
        Ok(())
    }

    /// Asks whether the answer is whole, when no more messages come.
    ///
    /// # Errors
    /// Where it is not.
    pub fn end(&self) -> Result<(), Malformed> {
        if *self == Self::Whole { Ok(()) } else { Err(Malformed("no end")) }
    }
}

fn part<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Malformed> {
    let (part, after) = rest.split_at_checked(length).ok_or(Malformed("a row that is cut off"))?;
    *rest = after;
    Ok(part)
}

fn array<const LENGTH: usize>(rest: &mut &[u8]) -> Result<[u8; LENGTH], Malformed> {
    let (array, after) = rest.split_first_chunk().ok_or(Malformed("a row that is cut off"))?;
    *rest = after;
    Ok(*array)
}

fn four(rest: &mut &[u8]) -> Result<i32, Malformed> {
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

    fn written(row: &[Option<Vec<u8>>; 3]) -> Vec<u8> {
        let mut bytes = 3_i16.to_be_bytes().to_vec();
        for field in row {
            let length = field.as_ref().map_or(-1, |field| i32::try_from(field.len()).unwrap());
            bytes.extend(length.to_be_bytes());
            bytes.extend(field.iter().flatten());
        }
        bytes
    }

    fn read(messages: &[Vec<u8>]) -> Result<Rows, Malformed> {
        let (mut copied, mut rows) = (BinaryCopyParser::<3>::default(), Vec::new());
        for message in messages {
            copied.read(message, |row| {
                rows.push(row.map(|field| field.map(<[u8]>::to_vec)));
                Ok::<_, Malformed>(())
            })?;
        }
        copied.end().map(|()| rows)
    }

    fn end() -> Vec<u8> {
        END.to_be_bytes().to_vec()
    }

    #[test]
    fn an_answer_without_rows_comes_in_one_message() {
        assert_eq!(read(&[[header(), end()].concat()]), Ok(Vec::new()));
    }

    #[test]
    fn what_is_not_in_the_format_is_an_error() {
        let row = written(&[None, Some(b"b".to_vec()), None]);
        let reason = |messages: &[Vec<u8>]| read(messages).unwrap_err().0;
        assert_eq!(reason(&[]), "no end");
        assert_eq!(reason(&[header(), row.clone()]), "no end");
        assert_eq!(reason(&[b"timestamp,camera_id\r\n".to_vec()]), "another signature");
        assert_eq!(reason(&[header(), row[..row.len() - 1].to_vec(), end()]), "a row that is cut off");
        assert_eq!(reason(&[header(), [0, 4].to_vec(), end()]), "another number of fields");
        assert_eq!(reason(&[header(), end(), row]), "something after the end");
        assert_eq!(reason(&[[SIGNATURE, &[0; 4], &[0xff; 4]].concat()]), "a negative length");
        assert_eq!(reason(&[header(), [0, 3, 0xff, 0xff, 0xff, 0xfe].to_vec(), end()]), "a negative length");
    }

    #[test]
    fn whoever_takes_the_rows_may_stop() {
        let row = written(&[None, None, None]);
        let mut copied = BinaryCopyParser::<3>::default();
        let stopped = copied.read(&[header(), row].concat(), |_| Err(Malformed("enough")));
        assert_eq!(stopped, Err(Malformed("enough")));
    }

    proptest! {
        #[test]
        fn all_rows_are_read_as_they_were_written(
            rows in proptest::collection::vec(
                proptest::array::uniform3(proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40))), 0..20),
            together in any::<bool>(),
        ) {
            let mut messages = vec![header()];
            messages.extend(rows.iter().map(written));
            messages.push(end());
            if together {
                messages = vec![messages.concat()];
            }
            prop_assert_eq!(read(&messages), Ok(rows));
        }

        #[test]
        fn an_answer_that_is_cut_off_anywhere_is_never_whole(
            rows in proptest::collection::vec(
                proptest::array::uniform3(proptest::option::of(proptest::collection::vec(any::<u8>(), 0..9))), 0..5),
            cut in any::<proptest::sample::Index>(),
        ) {
            let mut answer = header();
            answer.extend(rows.iter().flat_map(written));
            answer.extend(end());
            answer.truncate(cut.index(answer.len()));
            prop_assert!(read(&[answer]).is_err());
        }
    }
}
