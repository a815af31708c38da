//! The tree of modules, and the names in each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, ExprLit, Item, ItemMod, Lit, Meta, UseTree};

use super::Names;
use super::references::{References, is_for_tests};
use crate::{StructureError, read};

/// The modules of one target. The first is its root.
#[derive(Debug, Default)]
pub(super) struct Modules {
    pub(super) all: Vec<Module>,
    pub(super) files: Vec<PathBuf>,
    /// The files that define macros by `macro_rules!`, by the macros' names.
    pub(super) macros: BTreeMap<String, usize>,
}

/// A module: a file, or a block within one.
#[derive(Debug, Default)]
pub(super) struct Module {
    pub(super) file: usize,
    pub(super) parent: Option<usize>,
    pub(super) children: BTreeMap<String, usize>,
    /// Types, functions, constants and the like that are defined here.
    pub(super) items: BTreeSet<String>,
    /// Imported names, each with its path.
    pub(super) imported: BTreeMap<String, Vec<Names>>,
    /// Imports without a name: `use path as _`.
    pub(super) unnamed: Vec<Names>,
    /// Modules or enums all of whose names are imported, and whether they are exported again.
    pub(super) globs: Vec<(Names, bool)>,
    /// Paths in code.
    pub(super) paths: BTreeSet<Names>,
}

/// The place of a module's children in the file system.
#[derive(Clone)]
struct Place {
    /// The folder of the file.
    folder: PathBuf,
    /// The folder of the files of child modules.
    children: PathBuf,
}

impl Modules {
    /// Reads the file that is a target's root and all files that it declares.
    pub(super) fn read(root: &Path) -> Result<Self, StructureError> {
        let mut modules = Self::default();
        let folder = root.parent().unwrap_or(Path::new("")).to_owned();
        let place = Place {
            children: folder.clone(),
            folder,
        };
        modules.read_file(root, None, &place)?;
        Ok(modules)
    }

    fn read_file(
        &mut self,
        path: &Path,
        parent: Option<usize>,
        place: &Place,
    ) -> Result<usize, StructureError> {
        let parsed = syn::parse_file(&read(path)?).map_err(|source| StructureError::NotRust {
            path: path.to_owned(),
            source,
        })?;
        let file = self.files.len();
        self.files.push(path.to_owned());
        self.add(&parsed.items, file, parent, place)
    }

    fn add(
        &mut self,
        items: &[Item],
        file: usize,
        parent: Option<usize>,
        place: &Place,
    ) -> Result<usize, StructureError> {
        let number = self.all.len();
        self.all.push(Module {
            file,
            parent,
            ..Module::default()
        });
        let mut references = References::default();
        for item in items.iter().filter(|item| !is_for_tests(item)) {
            match item {
                Item::Mod(module) => {
                    let child = self.add_module(module, number, place)?;
                    self.all[number]
                        .children
                        .insert(module.ident.to_string(), child);
                }
                item => references.add(item),
            }
            if let Some(name) = defined(item) {
                self.all[number].items.insert(name);
            }
            if let Item::Macro(rules) = item
                && let Some(name) = &rules.ident
            {
                self.macros.insert(name.to_string(), file);
            }
        }
        let module = &mut self.all[number];
        for (tree, exported) in references.uses {
            module.import(&tree, &mut Vec::new(), exported);
        }
        module.paths = references.paths;
        Ok(number)
    }

    fn add_module(
        &mut self,
        module: &ItemMod,
        parent: usize,
        place: &Place,
    ) -> Result<usize, StructureError> {
        let name = module.ident.to_string();
        let name = name.trim_start_matches("r#");
        let below = place.children.join(name);
        let file = self.all[parent].file;
        if let Some((_, items)) = &module.content {
            let place = Place {
                children: below,
                ..place.clone()
            };
            return self.add(items, file, Some(parent), &place);
        }
        let plain = place.children.join(format!("{name}.rs"));
        let (path, children) = match path_attribute(&module.attrs) {
            Some(path) => {
                let path = place.folder.join(path);
                let folder = path.parent().unwrap_or(Path::new("")).to_owned();
                (path, folder)
            }
            None if plain.is_file() => (plain, below),
            None if below.join("mod.rs").is_file() => (below.join("mod.rs"), below),
            None => {
                return Err(StructureError::NoModuleFile {
                    path: self.files[file].clone(),
                    module: name.to_owned(),
                    expected: plain,
                });
            }
        };
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        self.read_file(&path, Some(parent), &Place { folder, children })
    }
}

impl Module {
    fn import(&mut self, tree: &UseTree, before: &mut Names, exported: bool) {
        let followed_by = |name: &syn::Ident| {
            let mut path = before.clone();
            if *name != "self" || path.is_empty() {
                path.push(name.to_string());
            }
            path
        };
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.import(&path.tree, before, exported);
                before.pop();
            }
            UseTree::Group(group) => {
                group
                    .items
                    .iter()
                    .for_each(|tree| self.import(tree, before, exported));
            }
            UseTree::Glob(_) => self.globs.push((before.clone(), exported)),
            UseTree::Name(name) => {
                let path = followed_by(&name.ident);
                if let Some(last) = path.last().cloned() {
                    self.imported.entry(last).or_default().push(path);
                }
            }
            UseTree::Rename(renamed) => {
                let path = followed_by(&renamed.ident);
                match &renamed.rename {
                    name if *name == "_" => self.unnamed.push(path),
                    name => self
                        .imported
                        .entry(name.to_string())
                        .or_default()
                        .push(path),
                }
            }
        }
    }
}

/// Returns the name that an item defines in its module, if it is not a module's.
fn defined(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// Returns the path of `#[path = "..."]`.
fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes
        .iter()
        .find_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(path),
                    ..
                }) => Some(path.value()),
                _ => None,
            },
            _ => None,
        })
}
