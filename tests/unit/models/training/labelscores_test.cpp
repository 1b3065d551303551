#include "models/training/labelscores.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace tessera::models
{

namespace
{

at::Tensor labels(std::initializer_list<int64_t> values)
{
    return at::tensor(std::vector<int64_t>(values), at::kLong);
}

TEST(LabelScores, CaseWorkedByHand)
{
    LabelScores scores(4);
    scores.add(labels({1, 1, 2, 0}), labels({1, 2, 2, 3})); // the last is void
    EXPECT_DOUBLE_EQ(scores.meanIou(), 0.5);                // of 1: 1 of 2, of 2: 1 of 2
    EXPECT_DOUBLE_EQ(scores.accuracy(), 2.0 / 3);
}

TEST(LabelScores, PicturesCountTogetherAndUnmeantLabelsAreNoMean)
{
    LabelScores scores(4);
    scores.add(labels({1, 1}), labels({1, 3})); // 3 was meant nowhere, yet 1 loses by it
    scores.add(labels({1, 2}), labels({1, 2}));
    EXPECT_DOUBLE_EQ(scores.meanIou(), (2.0 / 3 + 1) / 2);
    EXPECT_EQ(LabelScores(4).meanIou(), 0);
}

TEST(LabelScores, CellsTakeTheirCommonestLabel)
{
    const at::Tensor map = labels({1, 1, 0, 0, //
                                   1, 2, 3, 0, //
                                   2, 2, 3, 3, //
                                   1, 1, 1, 3})
                               .reshape({4, 4});
    const at::Tensor cells = labelsOfCells(map, 2, 4);
    EXPECT_TRUE(at::equal(cells, labels({1, 0, 1, 3}).reshape({2, 2}))) << cells; // of two equals the lower
}

} // namespace

} // namespace tessera::models
