/// The norm of the difference over the norm of the expected vector; infinite where the lengths differ.
package func relativeL2(_ found: [Float], _ expected: [Float]) -> Double {
    guard found.count == expected.count else { return .infinity }
    let difference = zip(found, expected).reduce(0.0) { sum, pair in
        let delta = Double(pair.0) - Double(pair.1)
        return sum + delta * delta
    }
    return (difference / norm(expected)).squareRoot()
}

/// The cosine of the angle between two vectors; 0 where the lengths differ.
package func cosine(_ found: [Float], _ expected: [Float]) -> Double {
    guard found.count == expected.count else { return 0 }
    let product = zip(found, expected).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    return product / (norm(found) * norm(expected)).squareRoot()
}

private func norm(_ vector: [Float]) -> Double {
    vector.reduce(0.0) { $0 + Double($1) * Double($1) }
}
