//! The table of descriptors. Several may share one open file, and with it position and flags, as after `dup`.

use super::errno::Errno;
use super::open_file::OpenFile;

pub(crate) struct Descriptors {
    /// For each descriptor the number of its file.
    slots: Vec<Option<usize>>,
    files: Vec<Option<Shared>>,
    max_open: usize,
}

struct Shared {
    file: OpenFile,
    descriptors: u32,
}

impl Descriptors {
    /// Returns a table whose first descriptors are `files`.
    pub(crate) fn new(files: impl IntoIterator<Item = OpenFile>, max_open: usize) -> Self {
        let files: Vec<Option<Shared>> = files
            .into_iter()
            .map(|file| {
                Some(Shared {
                    file,
                    descriptors: 1,
                })
            })
            .collect();
        Self {
            slots: (0..files.len()).map(Some).collect(),
            files,
            max_open,
        }
    }

    pub(crate) fn get(&mut self, descriptor: u32) -> Result<&mut OpenFile, Errno> {
        let number = self.number(descriptor)?;
        let shared = self.files.get_mut(number).and_then(Option::as_mut);
        shared
            .map(|shared| &mut shared.file)
            .ok_or(Errno::BadDescriptor)
    }

    /// Returns the lowest free descriptor for a file, or the file if there is none.
    pub(crate) fn insert(&mut self, file: OpenFile) -> Result<u32, OpenFile> {
        let Some(at) = self.free_slot(0) else {
            return Err(file);
        };
        let shared = Some(Shared {
            file,
            descriptors: 1,
        });
        let number = match self.files.iter().position(Option::is_none) {
            Some(number) => {
                self.files[number] = shared;
                number
            }
            None => {
                self.files.push(shared);
                self.files.len() - 1
            }
        };
        self.slots[at as usize] = Some(number);
        Ok(at)
    }

    /// Returns another descriptor, not below `at_least`, for the same open file.
    pub(crate) fn duplicate(&mut self, descriptor: u32, at_least: u32) -> Result<u32, Errno> {
        let number = self.number(descriptor)?;
        if at_least as usize >= self.max_open {
            return Err(Errno::Invalid);
        }
        let at = self.free_slot(at_least).ok_or(Errno::TooManyOpenFiles)?;
        self.share(number, at);
        Ok(at)
    }

    /// Makes `to` a descriptor of the file of `from`. Returns the file that this closes, if any.
    pub(crate) fn duplicate_to(&mut self, from: u32, to: u32) -> Result<Option<OpenFile>, Errno> {
        let number = self.number(from)?;
        if from == to {
            return Ok(None);
        }
        let at = to as usize;
        if at >= self.max_open {
            return Err(Errno::BadDescriptor);
        }
        if self.slots.len() <= at {
            self.slots.resize(at + 1, None);
        }
        let closed = match self.slots[at] {
            Some(_) => self.close(to)?,
            None => None,
        };
        self.share(number, to);
        Ok(closed)
    }

    /// Frees a descriptor. Returns the file if this was its last one.
    pub(crate) fn close(&mut self, descriptor: u32) -> Result<Option<OpenFile>, Errno> {
        let number = self.number(descriptor)?;
        self.slots[descriptor as usize] = None;
        let Some(shared) = self.files[number].as_mut() else {
            return Err(Errno::BadDescriptor);
        };
        shared.descriptors -= 1;
        if shared.descriptors > 0 {
            return Ok(None);
        }
        Ok(self.files[number].take().map(|shared| shared.file))
    }

    fn number(&self, descriptor: u32) -> Result<usize, Errno> {
        let slot = self.slots.get(descriptor as usize);
        slot.copied().flatten().ok_or(Errno::BadDescriptor)
    }

    fn share(&mut self, number: usize, at: u32) {
        if let Some(shared) = self.files[number].as_mut() {
            shared.descriptors += 1;
            self.slots[at as usize] = Some(number);
        }
    }

    /// Returns the lowest free slot from `at_least` on, and creates it if needed.
    fn free_slot(&mut self, at_least: u32) -> Option<u32> {
        let from = at_least as usize;
        let at = (from..self.slots.len())
            .find(|at| self.slots[*at].is_none())
            .unwrap_or(self.slots.len().max(from));
        if at >= self.max_open {
            return None;
        }
        if at >= self.slots.len() {
            self.slots.resize(at + 1, None);
        }
        u32::try_from(at).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_file_is_closed_with_its_last_descriptor() {
        let mut table = Descriptors::new([OpenFile::Stdin], 8);
        let copy = table.duplicate(0, 3);
        assert_eq!(copy, Ok(3));
        assert!(matches!(table.close(0), Ok(None)));
        assert!(table.get(3).is_ok());
        assert!(matches!(table.close(3), Ok(Some(OpenFile::Stdin))));
        assert!(matches!(table.close(3), Err(Errno::BadDescriptor)));
    }

    #[derive(Debug, Clone)]
    enum Call {
        Insert,
        Duplicate(u32, u32),
        DuplicateTo(u32, u32),
        Close(u32),
    }

    fn calls() -> impl Strategy<Value = Vec<Call>> {
        let number = prop_oneof![0..12_u32, Just(u32::MAX)];
        let call = prop_oneof![
            Just(Call::Insert),
            (number.clone(), number.clone()).prop_map(|(a, b)| Call::Duplicate(a, b)),
            (number.clone(), number.clone()).prop_map(|(a, b)| Call::DuplicateTo(a, b)),
            number.prop_map(Call::Close),
        ];
        proptest::collection::vec(call, 0..60)
    }

    proptest! {
        #[test]
        fn no_sequence_of_calls_leaves_a_file_without_descriptor_or_too_many(calls in calls()) {
            let mut table = Descriptors::new([OpenFile::Stdin, OpenFile::Stdout], 8);
            for call in calls {
                match call {
                    Call::Insert => drop(table.insert(OpenFile::Stdin)),
                    Call::Duplicate(from, at_least) => drop(table.duplicate(from, at_least)),
                    Call::DuplicateTo(from, to) => drop(table.duplicate_to(from, to)),
                    Call::Close(descriptor) => drop(table.close(descriptor)),
                }
                prop_assert!(table.slots.len() <= 8);
                for (number, shared) in table.files.iter().enumerate() {
                    let used = table.slots.iter().filter(|slot| **slot == Some(number)).count();
                    let counted = shared.as_ref().map_or(0, |shared| shared.descriptors as usize);
                    prop_assert_eq!(used, counted);
                }
            }
        }
    }
}
