//! Arithmetic of inputs: `a / (b + 1)`.

use multi_input_spec::derived::arithmetic::FUNCTIONS;
use quote::ToTokens;
use syn::{spanned::Spanned, BinOp, Expr, Ident, Lit, UnOp};

use super::is_node;
use crate::{
    parse::{number::NumberExpr, word::plain},
    suggest::{list, suggest},
    text::compact,
};

/// An operation, on the numbers that earlier operations have left.
#[derive(Clone)]
pub(crate) enum Operation {
    /// The input at this position of the derivation.
    Input(usize),
    /// A number.
    Constant(NumberExpr),
    /// The name of the runtime's operation.
    Named(&'static str),
}

impl Operation {
    /// Its number.
    pub(crate) fn constant_mut(&mut self) -> Option<&mut NumberExpr> {
        match self {
            Operation::Constant(number) => Some(number),
            _ => None,
        }
    }

    /// In one word, of which `number` gives those of numbers.
    pub(crate) fn in_words(&self, number: &dyn Fn(&NumberExpr) -> String) -> String {
        match self {
            Operation::Input(input) => format!("#{input}"),
            Operation::Constant(constant) => number(constant),
            Operation::Named(name) => (*name).to_owned(),
        }
    }
}

/// The operations in postfix order, and the inputs.
pub(super) fn read(expr: &Expr) -> syn::Result<(Vec<Operation>, Vec<Ident>)> {
    let mut formula = Formula { operations: Vec::new(), inputs: Vec::new() };
    formula.add(expr)?;
    Ok((formula.operations, formula.inputs))
}

struct Formula {
    operations: Vec<Operation>,
    inputs: Vec<Ident>,
}

impl Formula {
    fn add(&mut self, expr: &Expr) -> syn::Result<()> {
        match expr {
            Expr::Paren(inner) => self.add(&inner.expr),
            Expr::Group(inner) => self.add(&inner.expr),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
                self.apply("Negate", &[&unary.expr])
            }
            Expr::Binary(binary) => {
                let operation = match binary.op {
                    BinOp::Add(_) => "Add",
                    BinOp::Sub(_) => "Subtract",
                    BinOp::Mul(_) => "Multiply",
                    BinOp::Div(_) => "Divide",
                    other => return Err(refused(&other)),
                };
                self.apply(operation, &[&binary.left, &binary.right])
            }
            Expr::Call(call) => {
                let arguments: Vec<&Expr> = call.args.iter().collect();
                self.call(function(&call.func)?, &arguments)
            }
            // `a.max(b)` as well as `max(a, b)`.
            Expr::MethodCall(call) if call.turbofish.is_none() => {
                let arguments: Vec<&Expr> =
                    std::iter::once(&*call.receiver).chain(&call.args).collect();
                self.call(&call.method, &arguments)
            }
            Expr::Path(path) if is_node(expr) => {
                let Some(name) = path.path.get_ident() else { return Err(refused(expr)) };
                let known = self.inputs.iter().position(|input| input == name);
                let position = known.unwrap_or_else(|| {
                    self.inputs.push(name.clone());
                    self.inputs.len() - 1
                });
                self.operations.push(Operation::Input(position));
                Ok(())
            }
            Expr::Path(_) => self.constant(expr),
            Expr::Lit(literal) if matches!(literal.lit, Lit::Int(_) | Lit::Float(_)) => {
                self.constant(expr)
            }
            other => Err(refused(other)),
        }
    }

    fn constant(&mut self, expr: &Expr) -> syn::Result<()> {
        self.operations.push(Operation::Constant(NumberExpr::read(expr)?));
        Ok(())
    }

    fn apply(&mut self, operation: &'static str, operands: &[&Expr]) -> syn::Result<()> {
        operands.iter().try_for_each(|operand| self.add(operand))?;
        self.operations.push(Operation::Named(operation));
        Ok(())
    }

    fn call(&mut self, name: &Ident, arguments: &[&Expr]) -> syn::Result<()> {
        let text = name.to_string();
        let Some((_, count)) = FUNCTIONS.iter().find(|(known, _)| text == *known) else {
            let names = FUNCTIONS.iter().map(|(name, _)| *name);
            let near = suggest(&text, names.clone());
            let all = if near.is_empty() { format!("; there are {}", list(names)) } else { near };
            return Err(syn::Error::new(name.span(), format!("no function is `{text}`{all}")));
        };
        if arguments.len() != *count {
            let found = arguments.len();
            let numbers = if *count == 1 { "one number" } else { "two numbers" };
            return Err(syn::Error::new(
                name.span(),
                format!("`{text}` is of {numbers}; found {found}"),
            ));
        }
        let operation = match text.as_str() {
            "abs" => "Abs",
            "ln" => "Ln",
            "log1p" => "Log1p",
            "exp" => "Exp",
            "sqrt" => "Sqrt",
            "min" => "Min",
            _ => "Max",
        };
        self.apply(operation, arguments)
    }
}

/// The name of a function.
fn function(expr: &Expr) -> syn::Result<&Ident> {
    plain(expr).ok_or_else(|| {
        let text = "a thing of your own stands alone, in no formula: put the formula into it";
        syn::Error::new(expr.span(), text)
    })
}

fn refused(found: &(impl ToTokens + Spanned)) -> syn::Error {
    let text = compact(&found.to_token_stream());
    let names = list(FUNCTIONS.iter().map(|(name, _)| *name));
    syn::Error::new(
        found.span(),
        format!(
            "`{text}` is no arithmetic of inputs: there are numbers, constants, `+`, `-`, `*`, `/`, \
             parentheses, {names}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<(String, Vec<String>), String> {
        let expr = syn::parse_str(text).unwrap();
        let (operations, inputs) = read(&expr).map_err(|error| error.to_string())?;
        let words: Vec<String> = operations
            .iter()
            .map(|operation| operation.in_words(&|number| compact(&number.tokens)))
            .collect();
        Ok((words.join(" "), inputs.iter().map(Ident::to_string).collect()))
    }

    #[test]
    fn operations_come_after_their_operands() {
        let ok = |text| read_text(text).unwrap();
        assert_eq!(ok("a / b"), ("#0 #1 Divide".into(), vec!["a".into(), "b".into()]));
        assert_eq!(ok("(a - b) * a").0, "#0 #1 Subtract #0 Multiply");
        assert_eq!(ok("a - b * 2").0, "#0 #1 2f64 Multiply Subtract");
        assert_eq!(ok("-ln(a + 1.5)").0, "#0 1.5f64 Add Ln Negate");
        assert_eq!(ok("max(a, b.abs())").0, "#0 #1 Abs Max");
        assert!(ok("a / SCALE").0.contains("SCALE"));
        assert!(ok("my::SCALE * a").0.starts_with("my::SCALE"));
    }

    #[test]
    fn what_is_no_arithmetic_is_refused() {
        let wrong = |text| read_text(text).unwrap_err();
        assert!(wrong("a % b").starts_with("`%` is no arithmetic of inputs"));
        assert!(wrong("a && b").starts_with("`&&` is no arithmetic"));
        assert!(wrong("a[0] + b").starts_with("`a[0]` is no arithmetic"));
        assert_eq!(wrong("a + log(b)"), "no function is `log`; did you mean `ln`?");
        assert_eq!(wrong("max(a)"), "`max` is of two numbers; found 1");
        assert!(wrong("my::ratio(a) / b").starts_with("a thing of your own stands alone"));
    }
}
