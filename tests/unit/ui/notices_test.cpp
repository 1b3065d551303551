#include "ui/notices.h"

#include <gtest/gtest.h>

#include <QSignalSpy>

namespace tessera::ui
{

namespace
{

TEST(Notices, AnErrorIsToldOnceWithTheOfferOfAModel)
{
    Notices notices;
    const QSignalSpy told(&notices, &Notices::changed);
    notices.showError(ErrorCode::ModelMismatch, "two codebooks");
    EXPECT_EQ(told.count(), 1);
    EXPECT_TRUE(notices.offersModel());
    EXPECT_EQ(notices.kind(), Notices::Problem);
    notices.showError(ErrorCode::InvalidArgument, "too small");
    EXPECT_FALSE(notices.offersModel());
    EXPECT_EQ(notices.kind(), Notices::Warning);
}

TEST(Notices, AFailureOfTheDeviceBlamesNoGraphicsCard)
{
    Notices notices;
    notices.showError(ErrorCode::Device, "something was thrown");
    EXPECT_FALSE(notices.title().isEmpty());
    EXPECT_FALSE(notices.title().contains("graphics"));
}

} // namespace

} // namespace tessera::ui
