//! From a path in a module to the file that defines what it names.

use std::collections::BTreeSet;

use super::modules::{Module, Modules};

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Module(usize),
    /// Something that this file defines.
    Defined(usize),
}

/// Lookups under way, by module and name: an import that leads back to itself ends there.
type UnderWay = BTreeSet<(usize, String)>;

/// Returns all imports: the file that uses a path, the file that defines what it names, and the name.
pub(super) fn imports(modules: &Modules) -> Vec<(usize, usize, String)> {
    let mut found = Vec::new();
    for (number, module) in modules.all.iter().enumerate() {
        let uses = module.imported.values().flatten().chain(&module.unnamed);
        for path in uses.chain(&module.paths) {
            if let Some(Target::Defined(file)) =
                modules.resolve(number, path, false, &mut UnderWay::new())
                && !is_around(modules, module, file)
            {
                found.push((module.file, file, path.last().cloned().unwrap_or_default()));
            }
        }
        for (path, exported) in &module.globs {
            let file = match modules.resolve(number, path, true, &mut UnderWay::new()) {
                Some(Target::Module(target)) if *exported => modules.all[target].file,
                Some(Target::Defined(file)) => file,
                _ => continue,
            };
            if !is_around(modules, module, file) {
                found.push((module.file, file, "*".to_owned()));
            }
        }
    }
    found
}

/// Returns whether the file holds a module around this one.
fn is_around(modules: &Modules, module: &Module, file: usize) -> bool {
    let around = module.parent.map(|parent| &modules.all[parent]);
    file != module.file
        && around.is_some_and(|around| around.file == file || is_around(modules, around, file))
}

impl Modules {
    /// Resolves a path in a module. `module` says which counts where a name stands for a module and for something else.
    fn resolve(
        &self,
        from: usize,
        path: &[String],
        module: bool,
        under_way: &mut UnderWay,
    ) -> Option<Target> {
        let (first, mut rest) = path.split_first()?;
        let mut target = match first.as_str() {
            "crate" => Target::Module(0),
            "self" => Target::Module(from),
            "super" => Target::Module(self.all[from].parent?),
            name if rest.is_empty() => match self.look_up(from, name, module, under_way) {
                None => Target::Defined(*self.macros.get(name)?),
                found => found?,
            },
            name => self.look_up(from, name, true, under_way)?,
        };
        while let (Target::Module(within), Some((name, after))) = (target, rest.split_first()) {
            rest = after;
            target = if name == "super" {
                Target::Module(self.all[within].parent?)
            } else {
                let found = self.look_up(within, name, module || !rest.is_empty(), under_way);
                // What a macro defines there is found nowhere else.
                found.unwrap_or(Target::Defined(self.all[within].file))
            };
        }
        Some(target)
    }

    fn look_up(
        &self,
        within: usize,
        name: &str,
        module: bool,
        under_way: &mut UnderWay,
    ) -> Option<Target> {
        if !under_way.insert((within, name.to_owned())) {
            return None;
        }
        let found = self.find(within, name, module, under_way);
        under_way.remove(&(within, name.to_owned()));
        found
    }

    fn find(
        &self,
        within: usize,
        name: &str,
        module: bool,
        under_way: &mut UnderWay,
    ) -> Option<Target> {
        let here: &Module = &self.all[within];
        let child = here.children.get(name).map(|child| Target::Module(*child));
        let item = here
            .items
            .contains(name)
            .then_some(Target::Defined(here.file));
        let (wanted, other) = if module { (child, item) } else { (item, child) };
        if wanted.is_some() {
            return wanted;
        }
        for path in here.imported.get(name).into_iter().flatten() {
            let found = self.resolve(within, path, module, under_way);
            if found.is_some() {
                return found;
            }
        }
        if other.is_some() {
            return other;
        }
        for (path, _) in &here.globs {
            if let Some(Target::Module(target)) = self.resolve(within, path, true, under_way) {
                let found = self.look_up(target, name, module, under_way);
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }
}
