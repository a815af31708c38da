//! The bound on the distance between two safepoints, read from a module with safepoints, without the code that inserted
//! them.

use wasm_encoder::{CodeSection, Function, Instruction, RawSection};
use wasmparser::{BinaryReaderError, FunctionBody, Operator, Parser, Payload, TypeRef};

use super::program::MEMORY_BYTES;

/// A bounded loop touches each byte once at most. Further passes begin: one that traps, and one that leaves.
const PASSES: u64 = MEMORY_BYTES as u64 + 2;
/// Instructions of a safepoint up to its call.
const SAFEPOINT: u64 = 8;

/// The most instructions of each function until it ends or reaches a safepoint, its calls included.
pub(super) struct Bounds {
    /// By the index of the function; 1 for an import.
    functions: Vec<u64>,
    entry: u32,
}

impl Bounds {
    pub(super) fn of(wasm: &[u8]) -> Self {
        let module = Parsed::read(wasm).expect("a valid module");
        let mut costs = Costs {
            module: &module,
            known: vec![None; module.imports as usize + module.bodies.len()],
            open: Vec::new(),
        };
        let all = 0..costs.known.len() as u32;
        let functions = all.map(|function| costs.of(function)).collect();
        Self {
            functions,
            entry: module.imports,
        }
    }

    /// From the start of the program.
    pub(super) fn of_entry(&self) -> u64 {
        self.of_frames([self.entry])
    }

    /// From a safepoint in the last of these functions, each of which has called the next.
    pub(super) fn of_frames(&self, functions: impl IntoIterator<Item = u32>) -> u64 {
        functions.into_iter().fold(SAFEPOINT, |sum, function| {
            sum.saturating_add(self.functions[function as usize])
        })
    }
}

struct Parsed<'a> {
    imports: u32,
    bodies: Vec<Vec<Operator<'a>>>,
}

impl<'a> Parsed<'a> {
    fn read(wasm: &'a [u8]) -> Result<Self, BinaryReaderError> {
        let mut module = Self {
            imports: 0,
            bodies: Vec::new(),
        };
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        module.imports += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    let operators = body.get_operators_reader()?.into_iter();
                    module.bodies.push(operators.collect::<Result<_, _>>()?);
                }
                _ => {}
            }
        }
        Ok(module)
    }

    /// The function that safepoints call is the last one.
    fn yield_function(&self) -> u32 {
        self.imports + self.bodies.len() as u32 - 1
    }

    /// Whether a safepoint ends just before the operator at `position`.
    fn is_safepoint(&self, operators: &[Operator<'_>], position: usize) -> bool {
        let Some([.., condition, call, end]) = operators.get(..position) else {
            return false;
        };
        matches!(condition, Operator::If { .. })
            && matches!(call, Operator::Call { function_index } if *function_index == self.yield_function())
            && matches!(end, Operator::End)
    }

    /// Whether a function begins with a safepoint: epoch, address of the last one, comparison, call.
    fn has_safepoint_at_entry(&self, function: u32) -> bool {
        function
            .checked_sub(self.imports)
            .is_some_and(|body| self.is_safepoint(&self.bodies[body as usize], 7))
    }
}

struct Costs<'a> {
    module: &'a Parsed<'a>,
    known: Vec<Option<u64>>,
    /// Functions whose cost is being computed.
    open: Vec<u32>,
}

impl Costs<'_> {
    fn of(&mut self, function: u32) -> u64 {
        let Some(body) = function.checked_sub(self.module.imports) else {
            return 1;
        };
        if let Some(known) = self.known[function as usize] {
            return known;
        }
        self.open.push(function);
        let cost = self.of_body(&self.module.bodies[body as usize]);
        self.open.pop();
        self.known[function as usize] = Some(cost);
        cost
    }

    /// The cost of a call until it returns or reaches a safepoint.
    fn of_call(&mut self, function: u32) -> u64 {
        if function == self.module.yield_function() || self.module.has_safepoint_at_entry(function)
        {
            return SAFEPOINT;
        }
        assert!(
            !self.open.contains(&function),
            "functions {:?} call each other without a safepoint",
            self.open
        );
        self.of(function)
    }

    /// A call through the table may reach every function of the program.
    fn of_indirect_call(&mut self) -> u64 {
        let functions = self.module.imports..self.module.yield_function();
        functions
            .map(|function| self.of_call(function))
            .max()
            .unwrap_or(0)
    }

    fn of_body(&mut self, operators: &[Operator<'_>]) -> u64 {
        let bounded = self.bounded_loops(operators);
        assert_may_be_bounded(operators, &bounded, self.module.yield_function());
        let mut loops = 0;
        // For each block: its factor, and the instructions in it.
        let mut blocks = vec![(1, 0_u64)];
        for operator in operators {
            let cost = match operator {
                Operator::Loop { .. } => {
                    let factor = if bounded[loops] { PASSES } else { 1 };
                    loops += 1;
                    blocks.push((factor, 0));
                    0
                }
                Operator::Block { .. } | Operator::If { .. } => {
                    blocks.push((1, 0));
                    1
                }
                Operator::End => {
                    let (factor, inside) = blocks.pop().expect("a block to end");
                    let cost = inside.saturating_mul(factor);
                    if blocks.is_empty() {
                        return cost;
                    }
                    cost
                }
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    self.of_call(*function_index).saturating_add(1)
                }
                Operator::CallIndirect { .. } => self.of_indirect_call().saturating_add(1),
                _ => 1,
            };
            let (_, inside) = blocks.last_mut().expect("the function's own block");
            *inside = inside.saturating_add(cost);
        }
        unreachable!("a function without an end")
    }

    /// Which loops have a way back without a safepoint.
    fn bounded_loops(&self, operators: &[Operator<'_>]) -> Vec<bool> {
        let mut bounded = Vec::new();
        let mut labels = vec![None];
        for (position, operator) in operators.iter().enumerate() {
            let mut targets = Vec::new();
            match operator {
                Operator::Loop { .. } => {
                    labels.push(Some(bounded.len()));
                    bounded.push(false);
                }
                Operator::Block { .. } | Operator::If { .. } => labels.push(None),
                Operator::End => drop(labels.pop()),
                Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                    targets.push(*relative_depth);
                }
                Operator::BrTable { targets: table } => {
                    targets.push(table.default());
                    targets.extend(table.targets().map(|target| target.expect("a target")));
                }
                _ => {}
            }
            if self.module.is_safepoint(operators, position) {
                continue;
            }
            for target in targets {
                if let Some(found) = labels[labels.len() - 1 - target as usize] {
                    bounded[found] = true;
                }
            }
        }
        bounded
    }
}

/// Checks that bounded loops contain neither loops nor calls.
fn assert_may_be_bounded(operators: &[Operator<'_>], bounded: &[bool], yield_function: u32) {
    let mut loops = 0;
    // Whether each block is a bounded loop.
    let mut blocks = vec![false];
    for operator in operators {
        let lasts = match operator {
            // The safepoint of a branch out of the loop, to another one.
            Operator::Call { function_index } => *function_index != yield_function,
            Operator::Loop { .. } | Operator::CallIndirect { .. } => true,
            _ => false,
        };
        assert!(
            !lasts || !blocks.contains(&true),
            "{operator:?} in a loop without safepoints"
        );
        match operator {
            Operator::Loop { .. } => {
                blocks.push(bounded[loops]);
                loops += 1;
            }
            Operator::Block { .. } | Operator::If { .. } => blocks.push(false),
            Operator::End => drop(blocks.pop()),
            _ => {}
        }
    }
}

/// The module with a yield function that does not note the epoch, so that the next safepoint yields again.
pub(super) fn yielding_always(wasm: &[u8]) -> Vec<u8> {
    let module = Parsed::read(wasm).expect("a valid module");
    let Some(Operator::Call { function_index }) =
        module.bodies.last().and_then(|body| body.first())
    else {
        panic!("the yield function begins with a call of the import");
    };
    let mut bodies: Vec<FunctionBody<'_>> = Vec::new();
    let mut out = wasm_encoder::Module::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.expect("a valid module");
        if let Payload::CodeSectionEntry(body) = payload {
            bodies.push(body);
            if bodies.len() == module.bodies.len() {
                out.section(&code(&bodies, wasm, *function_index));
            }
        } else if let Some((id, range)) = payload.as_section()
            && !matches!(payload, Payload::CodeSectionStart { .. })
        {
            out.section(&RawSection {
                id,
                data: &wasm[range],
            });
        }
    }
    out.finish()
}

fn code(bodies: &[FunctionBody<'_>], wasm: &[u8], import: u32) -> CodeSection {
    let mut section = CodeSection::new();
    for body in &bodies[..bodies.len() - 1] {
        section.raw(&wasm[body.range()]);
    }
    let mut function = Function::new([]);
    function
        .instruction(&Instruction::Call(import))
        .instruction(&Instruction::End);
    section.function(&function);
    section
}
