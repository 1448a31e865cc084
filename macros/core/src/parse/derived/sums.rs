//! The sums in a formula, whose operands are in one unit.

use syn::{BinOp, Expr, Ident};

use super::is_node;
use crate::parse::word::plain;

/// The inputs that are added, subtracted or compared with each other, for every such sum. A product,
/// a ratio and a function have no unit that the formula tells, so they are operands of no sum.
pub(super) fn sums(expr: &Expr) -> Vec<Vec<Ident>> {
    let mut all = Vec::new();
    let terms = terms(expr, &mut all);
    all.push(terms);
    all.retain(|terms| terms.len() > 1);
    all
}

/// The inputs of which `expr` is the sum. Sums inside of products and functions are added to `sums`.
fn terms(expr: &Expr, sums: &mut Vec<Vec<Ident>>) -> Vec<Ident> {
    match expr {
        Expr::Paren(inner) => terms(&inner.expr, sums),
        Expr::Group(inner) => terms(&inner.expr, sums),
        Expr::Unary(unary) => terms(&unary.expr, sums),
        Expr::Binary(binary) => {
            let is_sum = matches!(binary.op, BinOp::Add(_) | BinOp::Sub(_));
            of_operands(&[&binary.left, &binary.right], is_sum, sums)
        }
        Expr::Call(call) => {
            let keeps_units = plain(&call.func).is_some_and(keeps_units);
            of_operands(&call.args.iter().collect::<Vec<_>>(), keeps_units, sums)
        }
        Expr::MethodCall(call) => {
            let operands: Vec<&Expr> = std::iter::once(&*call.receiver).chain(&call.args).collect();
            of_operands(&operands, keeps_units(&call.method), sums)
        }
        Expr::Path(_) if is_node(expr) => plain(expr).cloned().into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Whether a function's result is in the unit of its operands.
fn keeps_units(function: &Ident) -> bool {
    ["abs", "min", "max"].iter().any(|name| function == name)
}

fn of_operands(operands: &[&Expr], is_sum: bool, sums: &mut Vec<Vec<Ident>>) -> Vec<Ident> {
    let each: Vec<_> = operands.iter().map(|operand| terms(operand, sums)).collect();
    if is_sum {
        return each.concat();
    }
    sums.extend(each);
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_found_at_any_depth() {
        let sums_of = |text: &str| {
            let sums = sums(&syn::parse_str(text).unwrap());
            let words = |sum: &Vec<Ident>| sum.iter().map(Ident::to_string).collect::<String>();
            sums.iter().map(words).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(sums_of("a - b"), "ab");
        assert_eq!(sums_of("-(a + 1.0) - b.abs()"), "ab");
        assert_eq!(sums_of("a / b"), "");
        assert_eq!(sums_of("(a + b) / max(c, d)"), "ab cd");
        assert_eq!(sums_of("a - b * 0.3 + c"), "ac");
        assert_eq!(sums_of("ln(a - b) + c.min(d)"), "ab cd");
    }
}
