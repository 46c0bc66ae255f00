#!/usr/bin/env python3
"""Golden metrics for the evaluation, computed by scikit-learn and SciPy on random numbers.

    pip install numpy scipy scikit-learn
    python3 Tests/Fixtures/make_evaluation.py Tests/Fixtures/evaluation

Writes OUT_DIR/metrics.json. Numbers are rounded before they are used, so that both sides read the same.
"""
import json
import sys
import warnings
from pathlib import Path

import numpy as np
from scipy.stats import rankdata, spearmanr
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (average_precision_score, completeness_score, homogeneity_score, ndcg_score,
                             v_measure_score)

rng = np.random.default_rng(20240726)


def numbers(*shape, digits=3):
    return np.round(rng.normal(size=shape), digits)


def correlations():
    cases = []
    for count, digits in [(2, 3), (3, 3), (7, 0), (40, 0), (40, 3), (101, 1)]:
        a = numbers(count, digits=digits)
        b = np.round(a + rng.normal(size=count), digits)
        if len(set(a)) < 2 or len(set(b)) < 2:
            b[0] += 1
            a[0] -= 1
        cases.append({"first": a.tolist(), "second": b.tolist(), "ranks": rankdata(a).tolist(),
                      "spearman": float(spearmanr(a, b).statistic)})
    return cases


def average_precisions():
    cases = []
    for count, digits in [(2, 3), (9, 1), (50, 3), (50, 1), (120, 0)]:
        scores = numbers(count, digits=digits)
        labels = rng.random(count) < 0.4
        labels[0] = True
        cases.append({"scores": scores.tolist(), "labels": labels.astype(int).tolist(),
                      "value": float(average_precision_score(labels, scores))})
    return cases


def ranked():
    """One query each, no two scores equal: reranking's average precision and nDCG@10."""
    cases = []
    for count in [2, 5, 12, 40, 100]:
        scores = rng.permutation(count) / 8
        relevances = rng.integers(0, 4, size=count) * (rng.random(count) < 0.5)
        relevances[0] = 2
        cases.append({"scores": scores.tolist(), "relevances": relevances.tolist(),
                      "average_precision": float(average_precision_score(relevances > 0, scores)),
                      "ndcg_at_10": float(ndcg_score([relevances], [scores], k=10))})
    return cases


def v_measures():
    cases = []
    for count, labels, clusters in [(4, 2, 2), (30, 3, 5), (100, 10, 10), (50, 1, 4), (50, 4, 1), (20, 20, 3)]:
        a = rng.integers(0, labels, size=count)
        b = np.where(rng.random(count) < 0.5, a % clusters, rng.integers(0, clusters, size=count))
        cases.append({"labels": a.tolist(), "clusters": b.tolist(),
                      "homogeneity": float(homogeneity_score(a, b)),
                      "completeness": float(completeness_score(a, b)), "v": float(v_measure_score(a, b))})
    return cases


def clusterings():
    cases = []
    for count, columns, k, spread in [(12, 2, 3, 4.0), (60, 5, 4, 1.5), (80, 9, 6, 0.3)]:
        centers = numbers(k, columns) * spread
        points = np.round(centers[rng.integers(0, k, size=count)] + rng.normal(size=(count, columns)), 3)
        starts = points[rng.choice(count, size=k, replace=False)]
        cases.append((points, starts))
    # Starts so far away that their clusters are empty, one and two of them.
    for far in [1, 2]:
        points = numbers(30, 3)
        starts = np.concatenate([points[:3], 50 + 10 * numbers(far, 3)])
        cases.append((points, np.round(starts, 3)))
    # Fewer different points than clusters; of numbers whose means are exact, or rounding decides.
    points = np.repeat(np.array([[-0.25, 1.75], [0.5, 0.75]]), 4, axis=0)
    cases.append((points, points[[0, 1, 4, 5]]))
    results = []
    for points, starts in cases:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = KMeans(len(starts), init=starts, n_init=1, algorithm="lloyd").fit(points)
        results.append({"points": points.tolist(), "starts": starts.tolist(), "labels": fit.labels_.tolist(),
                        "centers": fit.cluster_centers_.tolist(), "inertia": float(fit.inertia_)})
    return results


def regressions():
    cases = []
    for train, test, columns, classes, scale in [(20, 10, 3, 2, 1.0), (60, 40, 6, 3, 1.0), (30, 20, 20, 4, 1.0),
                                                 (40, 30, 10, 2, 0.05), (40, 40, 12, 5, 2.0)]:
        means = numbers(classes, columns)
        labels = np.arange(train + test) % classes
        points = np.round((means[labels] + 1.5 * rng.normal(size=(train + test, columns))) * scale, 4)
        seen, y = points[:train], labels[:train]
        # The usual solver stops before the minimum: its predictions must be those of the minimum all the same.
        exact = LogisticRegression(solver="newton-cholesky", max_iter=1000, tol=1e-13).fit(seen, y)
        usual = LogisticRegression(max_iter=10_000).fit(seen, y)
        assert (exact.predict(points[train:]) == usual.predict(points[train:])).all()
        cases.append({"train": seen.tolist(), "labels": y.tolist(), "classes": classes,
                      "test": points[train:].tolist(), "coefficients": exact.coef_.tolist(),
                      "intercepts": exact.intercept_.tolist(),
                      "probabilities": exact.predict_proba(points[train:]).tolist(),
                      "predictions": usual.predict(points[train:]).tolist()})
    return cases


if __name__ == "__main__":
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    golden = {"correlations": correlations(), "average_precisions": average_precisions(), "ranked": ranked(),
              "v_measures": v_measures(), "clusterings": clusterings(), "regressions": regressions()}
    (out / "metrics.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
