import Testing
import Training

@Suite("The learning rate's schedule")
struct LearningRateScheduleTests {
    @Test(
        "Shares of ten steps, of which two warm up",
        arguments: [
            (LearningRateSchedule.Decay.constant, [0.5, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
            (.linear, [0.5, 1, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]),
            (.cosine, [0.5, 1, 1, 0.9619, 0.8536, 0.6913, 0.5, 0.3087, 0.1464, 0.0381]),
        ])
    func shares(decay: LearningRateSchedule.Decay, expected: [Double]) {
        let schedule = LearningRateSchedule(warmupSteps: 2, decay: decay)
        for (step, share) in expected.enumerated() {
            #expect(abs(schedule.share(ofStep: step, of: expected.count) - share) < 1e-4)
        }
    }

    @Test("Published runs have the whole rate in every step")
    func published() {
        let schedule = LearningRateSchedule()
        #expect((0..<50).allSatisfy { schedule.share(ofStep: $0, of: 50) == 1 })
    }

    @Test(
        "No length of a run takes a share out of 0 to 1",
        arguments: LearningRateSchedule.Decay.allCases)
    func bounded(decay: LearningRateSchedule.Decay) {
        for warmupSteps in 0..<8 {
            let schedule = LearningRateSchedule(warmupSteps: warmupSteps, decay: decay)
            for stepCount in 1..<8 {
                let shares = (0..<stepCount).map { schedule.share(ofStep: $0, of: stepCount) }
                #expect(shares.allSatisfy { $0 > 0 && $0 <= 1 })
            }
        }
    }
}
