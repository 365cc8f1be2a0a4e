//! The polynomial that must vanish on all rows: every gate and the permutation, folded by y.

use std::collections::HashMap;

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::{Field, PrimeField};
use halo2_axiom::plonk::{Any, ConstraintSystem, Expression};

use super::graph::{constant, Graph, Node};

/// Challenges of a proof.
pub struct ProofChallenges {
    /// Those of the gates, by index.
    pub gates: Vec<Fr>,
    pub beta: Fr,
    pub gamma: Fr,
    pub y: Fr,
}

/// Where each kind of column begins among those of the quotient.
#[derive(Clone, Copy, Debug)]
pub struct ColumnOffsets {
    pub advice: usize,
    pub fixed: usize,
    pub instance: usize,
    pub sigma: usize,
    pub grand_products: usize,
    /// Selectors: 1 on row 0, on the row before the blinding ones, on the rows before that.
    pub l_0: usize,
    pub l_last: usize,
    pub l_active: usize,
    /// The polynomial X.
    pub x: usize,
}

impl ColumnOffsets {
    pub fn new(cs: &ConstraintSystem<Fr>, grand_products: usize) -> Self {
        let fixed = cs.num_advice_columns();
        let instance = fixed + cs.num_fixed_columns();
        let sigma = instance + cs.num_instance_columns();
        let grand_products_at = sigma + cs.permutation().get_columns().len();
        let l_0 = grand_products_at + grand_products;
        ColumnOffsets {
            advice: 0,
            fixed,
            instance,
            sigma,
            grand_products: grand_products_at,
            l_0,
            l_last: l_0 + 1,
            l_active: l_0 + 2,
            x: l_0 + 3,
        }
    }
}

/// The identities as one node of a graph.
pub struct Identities<'a> {
    pub cs: &'a ConstraintSystem<Fr>,
    pub offsets: ColumnOffsets,
    pub challenges: &'a ProofChallenges,
    pub grand_products: usize,
}

impl Identities<'_> {
    /// The node, and its graph.
    pub fn folded(&self) -> (Graph, Node) {
        let mut graph = Graph::default();
        let mut terms = self.gates(&mut graph);
        terms.extend(self.permutation(&mut graph));
        let node = self.fold(&mut graph, &terms);
        (graph, node)
    }

    /// (selector, polynomial) for each gate: the selector is a column that many gates share.
    fn gates(&self, graph: &mut Graph) -> Vec<(Node, Node)> {
        let gates = self.cs.gates().iter().flat_map(|gate| gate.polynomials());
        gates
            .map(|polynomial| match polynomial {
                Expression::Product(left, right) if matches!(**left, Expression::Fixed(_)) => {
                    (self.node(graph, left), self.node(graph, right))
                }
                polynomial => (constant(Fr::ONE), self.node(graph, polynomial)),
            })
            .collect()
    }

    fn node(&self, graph: &mut Graph, expression: &Expression<Fr>) -> Node {
        let cell = |offset: usize, index: usize, rotation: i32| Node::Cell {
            column: offset + index,
            rotation,
        };
        match expression {
            Expression::Constant(value) => constant(*value),
            Expression::Challenge(challenge) => constant(self.challenges.gates[challenge.index()]),
            Expression::Fixed(q) => cell(self.offsets.fixed, q.column_index(), q.rotation().0),
            Expression::Advice(q) => cell(self.offsets.advice, q.column_index(), q.rotation().0),
            Expression::Instance(q) => {
                cell(self.offsets.instance, q.column_index(), q.rotation().0)
            }
            Expression::Negated(inner) => {
                let inner = self.node(graph, inner);
                graph.subtract(constant(Fr::ZERO), inner)
            }
            Expression::Sum(left, right) => self.sum(graph, left, right),
            Expression::Product(left, right) => {
                let (left, right) = (self.node(graph, left), self.node(graph, right));
                graph.multiply(left, right)
            }
            Expression::Scaled(inner, scalar) => {
                let inner = self.node(graph, inner);
                graph.multiply(inner, constant(*scalar))
            }
            Expression::Selector(_) => unreachable!("keygen turns selectors into fixed columns"),
        }
    }

    fn sum(&self, graph: &mut Graph, left: &Expression<Fr>, right: &Expression<Fr>) -> Node {
        let left = self.node(graph, left);
        match right {
            Expression::Negated(inner) => {
                let inner = self.node(graph, inner);
                graph.subtract(left, inner)
            }
            _ => {
                let right = self.node(graph, right);
                graph.add(left, right)
            }
        }
    }

    /// In halo2's order: the first z starts at 1, the last ends at 1 (or 0), each other one starts
    /// where the one before ended, and from a row to the next z is multiplied by the row's ratio
    /// (`grand_product` of `permutation.rs`).
    fn permutation(&self, graph: &mut Graph) -> Vec<(Node, Node)> {
        let at = |column: usize| Node::Cell {
            column,
            rotation: 0,
        };
        let [l_0, l_last] = [self.offsets.l_0, self.offsets.l_last].map(at);
        let z = |index: usize| at(self.offsets.grand_products + index);
        let mut terms = Vec::new();
        if self.grand_products == 0 {
            return terms;
        }
        terms.push((l_0, graph.subtract(constant(Fr::ONE), z(0))));
        let end = z(self.grand_products - 1);
        let square = graph.multiply(end, end);
        terms.push((l_last, graph.subtract(square, end)));
        for index in 1..self.grand_products {
            let chained = Node::Cell {
                column: self.offsets.grand_products + index - 1,
                rotation: -(self.cs.blinding_factors() as i32 + 1),
            };
            terms.push((l_0, graph.subtract(z(index), chained)));
        }
        for index in 0..self.grand_products {
            terms.push((at(self.offsets.l_active), self.step(graph, index)));
        }
        terms
    }

    /// z(omega X) prod (value + beta sigma + gamma) - z(X) prod (value + beta identity + gamma),
    /// identity being delta^j X
    fn step(&self, graph: &mut Graph, index: usize) -> Node {
        let columns = self.cs.permutation().get_columns();
        let width = self.cs.degree() - 2;
        let column = self.offsets.grand_products + index;
        let [mut with_sigma, mut with_identity] =
            [1, 0].map(|rotation| Node::Cell { column, rotation });
        for number in (0..columns.len()).skip(index * width).take(width) {
            let value = self.permuted(columns[number].column_type(), columns[number].index());
            let raised = graph.add(value, constant(self.challenges.gamma));
            let sigma = Node::Cell {
                column: self.offsets.sigma + number,
                rotation: 0,
            };
            let scaled = graph.multiply(sigma, constant(self.challenges.beta));
            let sum = graph.add(raised, scaled);
            with_sigma = graph.multiply(with_sigma, sum);
            let x = Node::Cell {
                column: self.offsets.x,
                rotation: 0,
            };
            let scale = self.challenges.beta * Fr::DELTA.pow_vartime([number as u64]);
            let scaled = graph.multiply(x, constant(scale));
            let sum = graph.add(raised, scaled);
            with_identity = graph.multiply(with_identity, sum);
        }
        graph.subtract(with_sigma, with_identity)
    }

    fn permuted(&self, kind: &Any, index: usize) -> Node {
        let offset = match kind {
            Any::Advice(_) => self.offsets.advice,
            Any::Fixed => self.offsets.fixed,
            Any::Instance => self.offsets.instance,
        };
        Node::Cell {
            column: offset + index,
            rotation: 0,
        }
    }

    /// Horner's rule by y over all terms, gathered by their selectors.
    fn fold(&self, graph: &mut Graph, terms: &[(Node, Node)]) -> Node {
        let mut sums: Vec<(Node, Node)> = Vec::new();
        let mut known: HashMap<Node, usize> = HashMap::new();
        let mut weight = Fr::ONE;
        for (selector, polynomial) in terms.iter().rev() {
            let weighted = graph.multiply(*polynomial, constant(weight));
            weight *= self.challenges.y;
            let at = *known.entry(*selector).or_insert_with(|| {
                sums.push((*selector, constant(Fr::ZERO)));
                sums.len() - 1
            });
            sums[at].1 = graph.add(sums[at].1, weighted);
        }
        sums.into_iter()
            .fold(constant(Fr::ZERO), |total, (selector, sum)| {
                let product = graph.multiply(sum, selector);
                graph.add(total, product)
            })
    }
}
