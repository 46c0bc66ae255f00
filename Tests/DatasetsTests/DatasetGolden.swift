import Foundation

/// What `make_datasets.py` made. Numbers of 64 bits are text there.
struct DatasetGolden: Decodable {
    struct Generator: Decodable {
        let seed: UInt64
        let numbers: [String]
    }

    struct Bounded: Decodable {
        let bound: String
        let numbers: [String]
    }

    struct Order: Decodable {
        let count: Int
        let seed: String
        let epoch: Int
        let order: [Int]
    }

    struct HeldOut: Decodable {
        let seed: String
        let fraction: Double
        let indices: [Int]
    }

    let splitmix64: Generator
    let below: [Bounded]
    let orders: [Order]
    let held_out: [HeldOut]
    let queries: [String]
    let pairs: [[String]]
    let documents: [String]
    let scores: [[Double]]
    let negatives: [String?]

    static func load() throws -> DatasetGolden {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/datasets.json")
        return try JSONDecoder().decode(DatasetGolden.self, from: Data(contentsOf: file.standardized))
    }
}
