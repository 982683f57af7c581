/// SVG names that are not lower case (§13.2.6.1, "adjust SVG attributes", and §13.2.6.5).

#include <algorithm>
#include <iterator>
#include <string>

#include "markup/html_scan.h"
#include "markup/html_tree_builder.h"

namespace crosstail::markup {
namespace {

constexpr std::string_view kTags[] = {"altGlyph",
                                      "altGlyphDef",
                                      "altGlyphItem",
                                      "animateColor",
                                      "animateMotion",
                                      "animateTransform",
                                      "clipPath",
                                      "feBlend",
                                      "feColorMatrix",
                                      "feComponentTransfer",
                                      "feComposite",
                                      "feConvolveMatrix",
                                      "feDiffuseLighting",
                                      "feDisplacementMap",
                                      "feDistantLight",
                                      "feDropShadow",
                                      "feFlood",
                                      "feFuncA",
                                      "feFuncB",
                                      "feFuncG",
                                      "feFuncR",
                                      "feGaussianBlur",
                                      "feImage",
                                      "feMerge",
                                      "feMergeNode",
                                      "feMorphology",
                                      "feOffset",
                                      "fePointLight",
                                      "feSpecularLighting",
                                      "feSpotLight",
                                      "feTile",
                                      "feTurbulence",
                                      "foreignObject",
                                      "glyphRef",
                                      "linearGradient",
                                      "radialGradient",
                                      "textPath"};

constexpr std::string_view kAttributes[] = {"attributeName",
                                            "attributeType",
                                            "baseFrequency",
                                            "baseProfile",
                                            "calcMode",
                                            "clipPathUnits",
                                            "diffuseConstant",
                                            "edgeMode",
                                            "filterUnits",
                                            "glyphRef",
                                            "gradientTransform",
                                            "gradientUnits",
                                            "kernelMatrix",
                                            "kernelUnitLength",
                                            "keyPoints",
                                            "keySplines",
                                            "keyTimes",
                                            "lengthAdjust",
                                            "limitingConeAngle",
                                            "markerHeight",
                                            "markerUnits",
                                            "markerWidth",
                                            "maskContentUnits",
                                            "maskUnits",
                                            "numOctaves",
                                            "pathLength",
                                            "patternContentUnits",
                                            "patternTransform",
                                            "patternUnits",
                                            "pointsAtX",
                                            "pointsAtY",
                                            "pointsAtZ",
                                            "preserveAlpha",
                                            "preserveAspectRatio",
                                            "primitiveUnits",
                                            "refX",
                                            "refY",
                                            "repeatCount",
                                            "repeatDur",
                                            "requiredExtensions",
                                            "requiredFeatures",
                                            "specularConstant",
                                            "specularExponent",
                                            "spreadMethod",
                                            "startOffset",
                                            "stdDeviation",
                                            "stitchTiles",
                                            "surfaceScale",
                                            "systemLanguage",
                                            "tableValues",
                                            "targetX",
                                            "targetY",
                                            "textLength",
                                            "viewBox",
                                            "viewTarget",
                                            "xChannelSelector",
                                            "yChannelSelector",
                                            "zoomAndPan"};

/// Less without case; `lower` is lower case already.
bool before(std::string_view mixed, std::string_view lower) {
  const std::size_t size = std::min(mixed.size(), lower.size());
  for (std::size_t i = 0; i < size; ++i)
    if (to_ascii_lower(mixed[i]) != lower[i]) return to_ascii_lower(mixed[i]) < lower[i];
  return mixed.size() < lower.size();
}

template <std::size_t kSize>
std::string_view adjusted(const std::string_view (&names)[kSize], std::string_view lower) {
  const auto* const found = std::lower_bound(std::begin(names), std::end(names), lower, before);
  if (found == std::end(names) || found->size() != lower.size()) return lower;
  return starts_with_nocase(found->data(), found->data() + found->size(), lower) ? *found : lower;
}

}  // namespace

std::string_view svg_tag_name(std::string_view lower_case) {
  return adjusted(kTags, lower_case);
}
std::string_view svg_attribute_name(std::string_view lower_case) {
  return adjusted(kAttributes, lower_case);
}

}  // namespace crosstail::markup
