#include "models/permuter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/error.h"

namespace tessera::models
{

namespace
{

using Order = std::vector<int64_t>;

const std::vector<PermuterKind> kKinds{PermuterKind::Identity,        PermuterKind::Subsample, PermuterKind::ZCurve,
                                       PermuterKind::SpiralOut,       PermuterKind::SpiralIn,  PermuterKind::Random,
                                       PermuterKind::AlternateParsing};

Order beginning(PermuterKind kind, size_t count)
{
    Order order = permuterOrder(kind, 16, 16);
    order.resize(count);
    return order;
}

TEST(Permuter, OrdersOfFourByFourAreTheOriginals)
{
    const auto order = [](PermuterKind kind) { return permuterOrder(kind, 4, 4); };
    EXPECT_EQ(order(PermuterKind::Identity), (Order{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}));
    EXPECT_EQ(order(PermuterKind::Subsample), (Order{0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15}));
    EXPECT_EQ(order(PermuterKind::ZCurve), (Order{0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15}));
    EXPECT_EQ(order(PermuterKind::SpiralOut), (Order{9, 5, 6, 10, 14, 13, 12, 8, 4, 0, 1, 2, 3, 7, 11, 15}));
    EXPECT_EQ(order(PermuterKind::SpiralIn), (Order{15, 11, 7, 3, 2, 1, 0, 4, 8, 12, 13, 14, 10, 6, 5, 9}));
    EXPECT_EQ(order(PermuterKind::Random), (Order{3, 13, 7, 2, 6, 10, 4, 1, 14, 0, 15, 9, 8, 12, 11, 5}));
    EXPECT_EQ(order(PermuterKind::AlternateParsing), (Order{0, 1, 2, 3, 7, 6, 5, 4, 8, 9, 10, 11, 15, 14, 13, 12}));
}

TEST(Permuter, OrdersOfAWindowBeginAsTheOriginals)
{
    EXPECT_EQ(beginning(PermuterKind::Subsample, 10), (Order{0, 8, 128, 136, 4, 12, 132, 140, 64, 72}));
    EXPECT_EQ(beginning(PermuterKind::SpiralOut, 8), (Order{135, 119, 120, 136, 152, 151, 150, 134}));
    EXPECT_EQ(beginning(PermuterKind::Random, 8), (Order{183, 34, 185, 233, 216, 181, 160, 27}));
}

TEST(Permuter, EveryOrderVisitsEveryPlaceOnce)
{
    for (const PermuterKind kind : kKinds) {
        const Order order = permuterOrder(kind, 8, 8), inverse = inverseOrder(order);
        for (size_t t = 0; t < order.size(); ++t)
            EXPECT_EQ(inverse[size_t(order[t])], int64_t(t)) << permuterKindName(kind);
        Order sorted = order;
        std::ranges::sort(sorted);
        EXPECT_EQ(sorted, permuterOrder(PermuterKind::Identity, 8, 8)) << permuterKindName(kind);
    }
}

TEST(Permuter, OblongGridsWhereTheOrderHasAMeaning)
{
    EXPECT_EQ(permuterOrder(PermuterKind::AlternateParsing, 3, 2), (Order{0, 1, 3, 2, 4, 5}));
    EXPECT_EQ(permuterOrder(PermuterKind::Random, 3, 5).size(), 15U);
    for (const PermuterKind kind :
         {PermuterKind::Subsample, PermuterKind::ZCurve, PermuterKind::SpiralOut, PermuterKind::SpiralIn})
        for (const auto &[rows, columns] : {std::pair{4, 2}, {3, 3}, {0, 0}, {-4, -4}})
            EXPECT_THROW(permuterOrder(kind, rows, columns), Error) << permuterKindName(kind);
    EXPECT_THROW(permuterOrder(PermuterKind::Identity, 1 << 20, 1 << 20), Error);
    EXPECT_EQ(permuterOrder(PermuterKind::SpiralOut, 6, 6).front(), 20);
}

TEST(Permuter, NamesAreTheOriginals)
{
    for (const PermuterKind kind : kKinds)
        EXPECT_EQ(permuterKindFrom(permuterKindName(kind)), kind);
    EXPECT_FALSE(permuterKindFrom("Spiral").has_value());
}

} // namespace

} // namespace tessera::models
