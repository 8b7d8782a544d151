//! Decodes a page of a b-tree whose records are its keys: an index, or a table WITHOUT ROWID. No I/O.
//!
//! The format: <https://www.sqlite.org/fileformat2.html#b_tree_pages>. `None`: the page is not one of such a tree.

use super::record::varint;

/// The type of a page whose records have children between them.
const INTERIOR: u8 = 2;

/// The type of a page without children.
const LEAF: u8 = 10;

/// The size of the number of a page, in bytes.
const POINTER_BYTES: usize = 4;

/// A page, and the position of a cursor in it.
#[derive(Clone, Debug, Default)]
pub struct BtreePage {
    /// The bytes of the page.
    pub bytes: Vec<u8>,
    /// The cell at which the cursor is.
    pub position: usize,
    cells: usize,
    is_leaf: bool,
    /// Longer records continue on other pages.
    max_record_bytes: usize,
}

impl BtreePage {
    /// Decodes the header of the bytes. `reserved`: the number of bytes at the end of each page that are not SQLite's.
    pub fn decode(&mut self, reserved: usize) -> Option<()> {
        // A cell takes 6 bytes at least, with its position.
        let max_cells = self.bytes.len().checked_sub(8)? / 6;
        self.bytes.truncate(self.bytes.len().checked_sub(reserved)?);
        self.is_leaf = match *self.bytes.first()? {
            INTERIOR => false,
            LEAF => true,
            _ => return None,
        };
        self.cells = u16_at(&self.bytes, 3).filter(|cells| *cells <= max_cells)?;
        self.max_record_bytes = (self.bytes.len().checked_sub(12)? * 64 / 255).checked_sub(23)?;
        self.position = 0;
        Some(())
    }

    /// Returns whether the page has no children.
    pub fn is_leaf(&self) -> bool {
        self.is_leaf
    }

    /// Returns the number of records.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// Returns a record. `None` also if a part of it is on other pages.
    pub fn record(&self, cell: usize) -> Option<&[u8]> {
        let mut rest = self.cell(cell)?;
        if !self.is_leaf {
            rest = rest.get(POINTER_BYTES..)?;
        }
        let record_bytes = usize::try_from(varint(&mut rest)?).ok()?;
        (record_bytes <= self.max_record_bytes).then_some(())?;
        rest.get(..record_bytes)
    }

    /// Returns the number of the page whose records come before those of this cell, or after those of the last one.
    pub fn child(&self, cell: usize) -> Option<u32> {
        let pointer = if cell == self.cells { self.bytes.get(8..)? } else { self.cell(cell)? };
        pointer.first_chunk().map(|pointer| u32::from_be_bytes(*pointer))
    }

    /// Returns the rest of the page from this cell on.
    fn cell(&self, cell: usize) -> Option<&[u8]> {
        let header_bytes = if self.is_leaf { 8 } else { 12 };
        (cell < self.cells).then_some(())?;
        self.bytes.get(u16_at(&self.bytes, header_bytes + 2 * cell)?..)
    }
}

fn u16_at(bytes: &[u8], position: usize) -> Option<usize> {
    bytes.get(position..)?.first_chunk().map(|number| u16::from_be_bytes(*number).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes a page of 512 bytes with this type, these cells, and the positions of the cells.
    fn page(kind: u8, cells: &[&[u8]]) -> Option<BtreePage> {
        let mut bytes = vec![0; 512];
        let header_bytes = if kind == LEAF { 8 } else { 12 };
        bytes[0] = kind;
        bytes[4] = u8::try_from(cells.len()).expect("few");
        bytes[8..12].copy_from_slice(&[0, 0, 0, 99]);
        let mut start = 512;
        for (index, cell) in cells.iter().enumerate() {
            start -= cell.len();
            bytes[start..start + cell.len()].copy_from_slice(cell);
            let position = u16::try_from(start).expect("small").to_be_bytes();
            bytes[header_bytes + 2 * index..][..2].copy_from_slice(&position);
        }
        let mut page = BtreePage { bytes, ..BtreePage::default() };
        page.decode(0).map(|()| page)
    }

    #[test]
    fn a_leaf_has_records_and_no_children() {
        let page = page(LEAF, &[&[2, 7, 8], &[0], &[1, 9]]).expect("a leaf");
        assert!(page.is_leaf());
        let records: Vec<_> = (0..=3).map(|cell| page.record(cell)).collect();
        assert_eq!(records, [Some(&[7, 8][..]), Some(&[]), Some(&[9]), None]);
    }

    #[test]
    fn an_interior_page_has_one_child_more_than_records() {
        let page = page(INTERIOR, &[&[0, 0, 1, 4, 2, 7, 8], &[0, 0, 0, 5, 0]]).expect("an interior page");
        assert!(!page.is_leaf());
        assert_eq!([0, 1, 2, 3].map(|cell| page.child(cell)), [Some(260), Some(5), Some(99), None]);
        assert_eq!([page.record(0), page.record(1), page.record(2)], [Some(&[7, 8][..]), Some(&[]), None]);
    }

    #[test]
    fn a_record_that_continues_elsewhere_or_does_not_fit_is_not_decoded() {
        let long = |bytes: u8| [&[bytes][..], &vec![1; bytes.into()]].concat();
        // (512 - 12) * 64 / 255 - 23
        assert!(page(LEAF, &[&long(102)]).is_some_and(|page| page.record(0).is_some()));
        assert!(page(LEAF, &[&long(103)]).is_some_and(|page| page.record(0).is_none()));
        assert!(page(LEAF, &[&[4, 1]]).is_some_and(|page| page.record(0).is_none()), "behind the end of the page");
    }

    #[test]
    fn other_pages_are_not_decoded() {
        for kind in (0..=u8::MAX).filter(|kind| ![INTERIOR, LEAF].contains(kind)) {
            assert!(page(kind, &[]).is_none(), "{kind}");
        }
        assert!(page(LEAF, &vec![&[0][..]; (512 - 8) / 6]).is_some());
        assert!(page(LEAF, &vec![&[0][..]; (512 - 8) / 6 + 1]).is_none(), "more cells than fit");
        assert!(BtreePage::default().decode(0).is_none());
        assert!(BtreePage { bytes: vec![LEAF; 20], ..BtreePage::default() }.decode(21).is_none());
    }
}
