// What the page does with the catalog: it only reads.

/** Cards drawn at once: a catalog of thousands must not freeze the page. */
export const SHELF_SIZE = 48;

export function catalogActs({ state, update, fill, request }) {
  async function read(options) {
    const [products, categories] = await Promise.all([
      request("GET", "/api/catalog", { about: "Load the products", ...options }),
      request("GET", "/api/catalog/categories", { about: "Load the categories", ...options }),
    ]);
    return { products: products.body, categories: categories.body, readAt: Date.now() };
  }

  /** Products already on the shelf stay there while the catalog is away. */
  const load = () => fill("catalog", () => read({}));

  /** Stock has changed because of something the page did: look again without a word. */
  async function refresh() {
    const fresh = await read({ quiet: true }).catch(() => null);
    if (fresh) update("catalog", { ...fresh, problem: null });
  }

  const loadOnce = () => (state.catalog.readAt ? refresh() : load());

  /** Another search starts at the top of the shelf again. */
  const filter = (news) => update("filter", { shown: SHELF_SIZE, ...news });

  return { load, loadOnce, refresh, filter };
}
